/** @file The steps of a run in the tab, from where it is to its end, or to where a person stops it. */

import { TrainingError } from "../../../errors.js";
import { divergenceRule, DivergenceWatch, type DivergenceState } from "../../../train/divergence.js";
import { learningRate } from "../../../train/schedule.js";
import { RATE_STEPS, StepClock } from "../../../train/stepClock.js";
import type { FromLearnWorker } from "../protocol.js";
import { TabBatches } from "./batches.js";
import { recordBroken, type LearningRun } from "./begin.js";
import type { Control } from "./control.js";
import type { Machine } from "./machine.js";
import { datasetOf } from "./pictures.js";
import { openStepper, type Stepper } from "./stepper.js";
import { Strips } from "./strips.js";
import type { Turns } from "./turns.js";

export interface LearnHooks {
  readonly control: Control;
  readonly turns: Turns;
  post(message: FromLearnWorker): void;
  /** State and bank are those of now. */
  save(): Promise<void>;
  /** Steps are taken from now on; null: no more. */
  stepping(stepper: Stepper | null): void;
}

/** Between checkpoints within an epoch, and at least between any two. */
const [LONGEST_MS, SHORTEST_MS] = [20_000, 2000];

/** @throws TrainingError when a number is not finite, or the loss leads nowhere */
export async function learn(run: LearningRun, machine: Machine, hooks: LearnHooks): Promise<void> {
  const { plan, set, progress } = run;
  const { steps } = plan.settings;
  // On a GPU it takes seconds.
  hooks.post({ kind: "stage", what: "preparing the first step", done: 0, total: 1 });
  const stepper = await openStepper(machine, run);
  const batches = new TabBatches(
    datasetOf(set),
    plan,
    { kind: "augment", options: plan.augment },
    { firstStep: progress.step, steps: Math.max(0, steps - progress.step) },
  );
  const learner = new Learner(run, stepper, hooks);
  hooks.stepping(stepper);
  try {
    await learner.tellEpoch(null);
    for (let batch = await batches.next(); batch !== null; batch = await batches.next()) {
      const taken = batch;
      if (!(await learner.mayGoOn())) break;
      await hooks.turns.take(() => learner.take(taken));
      batches.recycle(taken);
    }
    await hooks.turns.take(() => learner.end());
  } finally {
    hooks.stepping(null);
    await stepper.close();
  }
}

class Learner {
  readonly #run: LearningRun;
  readonly #stepper: Stepper;
  readonly #hooks: LearnHooks;
  readonly #strips: Strips;
  readonly #watch: DivergenceWatch;
  readonly #clock: StepClock;
  readonly #began = performance.now();
  #pausedMs = 0;
  #savedAt = performance.now();
  #savedStep: number;

  constructor(run: LearningRun, stepper: Stepper, hooks: LearnHooks) {
    const { recipe, settings } = run.plan;
    this.#run = run;
    this.#stepper = stepper;
    this.#hooks = hooks;
    this.#strips = new Strips(run);
    this.#clock = new StepClock(recipe.batchSize, this.#began);
    this.#savedStep = run.progress.step;
    const rule = divergenceRule(recipe.objective, {
      instances: run.set.ids.length,
      stepsPerEpoch: settings.stepsPerEpoch,
      bankInit: "forward",
    });
    this.#watch = new DivergenceWatch(rule, (run.progress.watch as DivergenceState | null) ?? undefined);
  }

  /** Waits where a person paused. @returns false: it is to end */
  async mayGoOn(): Promise<boolean> {
    const { control, turns, post } = this.#hooks;
    if (control.isPaused && !control.isStopped) {
      const { step } = this.#run.progress;
      const since = performance.now();
      await turns.take(() => this.#save());
      post({ kind: "paused", step });
      await control.whileItPauses();
      this.#pausedMs += performance.now() - since;
      this.#clock.restart();
      if (!control.isStopped) post({ kind: "resumed", step });
    }
    return !control.isStopped;
  }

  async take(batch: Parameters<Stepper["take"]>[0]): Promise<void> {
    const { plan, progress, normalizer, diary } = this.#run;
    const { steps, stepsPerEpoch, batchSize } = plan.settings;
    recordBroken(this.#run, batch.broken);
    const rate = learningRate(plan.schedule, progress.step, steps);
    const where = `step ${progress.step + 1}`;
    const loss = await this.#stepper.take(batch, rate, where);
    const fault = this.#watch.observe(loss);
    if (fault !== null) throw new TrainingError(`${where}: ${fault}`);
    progress.watch = { ...this.#watch.state };
    progress.step++;
    progress.lossSum += loss;
    progress.logNormalizer = normalizer?.log ?? null;
    const record = { step: progress.step, epoch: batch.epoch + 1, loss, learningRate: rate };
    diary.record({ kind: "step", ...record });
    const picturesPerSecond = this.#clock.tick();
    const secondsLeft = ((steps - progress.step) * batchSize) / picturesPerSecond;
    this.#hooks.post({ kind: "step", ...record, steps, picturesPerSecond, secondsLeft });
    const isEpoch = progress.step % stepsPerEpoch === 0;
    if (isEpoch || progress.step % RATE_STEPS === 0) diary.timing(this.#clock.timing(progress.step));
    if (isEpoch) await this.#endEpoch();
    else if (performance.now() - this.#savedAt > LONGEST_MS) await this.#save();
  }

  async #endEpoch(): Promise<void> {
    const { plan, progress, diary } = this.#run;
    const { step } = progress;
    const epoch = progress.epochs + 1;
    const loss = progress.lossSum / plan.settings.stepsPerEpoch;
    diary.record({ kind: "epoch", step, epoch, loss });
    progress.epochs = epoch;
    progress.lossSum = 0;
    progress.lastLoss = loss;
    await this.tellEpoch(loss);
    if (performance.now() - this.#savedAt > SHORTEST_MS) await this.#save();
    this.#clock.restart();
  }

  /** @param loss of the epoch that has just ended; null: none has */
  async tellEpoch(loss: number | null): Promise<void> {
    await this.#stepper.pull();
    const strips = this.#strips.now();
    const thumbnails = await this.#strips.thumbnails(strips);
    const { epochs: epoch, lastLoss } = this.#run.progress;
    this.#hooks.post({ kind: "epoch", epoch, loss: loss ?? lastLoss, strips, thumbnails });
  }

  /** After the last step, or the one that it was stopped after. */
  async end(): Promise<void> {
    const { plan, progress, diary } = this.#run;
    const { step, epochs, lastLoss, lossSum } = progress;
    const { steps, stepsPerEpoch } = plan.settings;
    progress.finished = step >= steps;
    diary.log(progress.finished ? `ends after step ${step}` : `stopped after step ${step}`);
    await this.#stepper.pull();
    this.#savedStep = -1;
    await this.#save();
    const sinceEpoch = step - epochs * stepsPerEpoch;
    this.#hooks.post({
      ...{ kind: "finished", epochs, step, steps, stopped: !progress.finished },
      loss: lastLoss ?? (sinceEpoch > 0 ? lossSum / sinceEpoch : null),
      seconds: (performance.now() - this.#began - this.#pausedMs) / 1000,
    });
  }

  async #save(): Promise<void> {
    if (this.#savedStep === this.#run.progress.step) return;
    await this.#stepper.pull();
    await this.#hooks.save();
    this.#savedStep = this.#run.progress.step;
    this.#savedAt = performance.now();
  }
}
