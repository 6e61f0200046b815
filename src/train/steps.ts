/** @file The steps of a run, from where it is to its end. */

import type { BrokenPicture } from "../data/loader.js";
import type { FloatTensor } from "../runtime/session.js";
import { TrainingError } from "../errors.js";
import type { Progress } from "../run/progress.js";
import { deviceBatches, hostBatches, pictureDevice, type Batches, type StepPictures } from "./batches.js";
import { diagnoser } from "./diagnose.js";
import { divergenceRule, DivergenceWatch, type DivergenceState } from "./divergence.js";
import { DropoutNoise } from "./dropoutNoise.js";
import { NoiseInputs } from "./noiseInputs.js";
import type { Normalizer } from "./normalizer.js";
import type { OpenedRun } from "./openRun.js";
import { runLengths, type FittedPlan, type TrainPlan } from "./plan.js";
import { learningRate } from "./schedule.js";
import { RATE_STEPS, StepClock } from "./stepClock.js";
import { openMemory } from "./openMemory.js";
import { Stopped, throwIfStopped, type TrainerHooks } from "./stopped.js";
import { TrainStep } from "./step.js";
import type { StepMemory } from "./stepMemory.js";

/** What steps change beside the state. */
export interface Underway {
  readonly bank: FloatTensor;
  /** null where the objective takes no ln Z. */
  readonly normalizer: Normalizer | null;
}

export type RunUnderWay = Omit<OpenedRun, "underWay"> & Underway;

export interface StepListener {
  readonly broken: (pictures: readonly BrokenPicture[]) => void;
  /**
   * After each step, once it is recorded.
   * @param seconds since the epoch began, or was resumed
   * @param pull brings state and bank of the run up to date: they may be as old as the last time
   * @returns true: something else than steps took time
   */
  readonly afterStep: (seconds: number, pull: () => Promise<void>) => Promise<boolean>;
}

/** Takes every step that is left; state and bank are up to date then, also when it is stopped. @throws what `afterStep` throws */
export async function takeSteps(
  plan: FittedPlan,
  hooks: TrainerHooks,
  run: RunUnderWay,
  started: number,
  listener: StepListener,
): Promise<void> {
  const { batchSize, accumulation } = plan.manifest.recipe;
  const { steps } = runLengths(plan);
  const done = run.progress.step;
  if (done >= steps) return;
  throwIfStopped(hooks);
  // The loader counts batches.
  const part = { accumulation, firstStep: done * accumulation, steps: (steps - done) * accumulation };
  const device = pictureDevice(plan);
  // The host makes the first batch while the sessions open.
  let batches = device === null ? hostBatches(plan, part) : null;
  let memory: StepMemory | null = null;
  try {
    memory = await openMemory(plan, run.state, run.bank);
    batches ??= await deviceBatches(device!, plan, part, run.journal, hooks);
    const clock = new StepClock(batchSize * accumulation, started);
    const stepper = new Stepper(plan, run, memory, clock);
    await stepper.takeAll(batches, memory, hooks, listener);
    await memory.pull();
  } catch (error) {
    if (error instanceof Stopped) await memory?.pull();
    throw error;
  } finally {
    await batches?.close();
    // After an error it may fail in its turn; the first one says more.
    await memory?.close().catch(() => undefined);
  }
}

/** One step after the other, each recorded. */
class Stepper {
  readonly #plan: TrainPlan;
  readonly #run: RunUnderWay;
  readonly #clock: StepClock;
  readonly #step: TrainStep;
  readonly #dropout: DropoutNoise;
  readonly #watch: DivergenceWatch;

  constructor(plan: TrainPlan, run: RunUnderWay, memory: StepMemory, clock: StepClock) {
    const { recipe, preprocessing } = plan.manifest;
    const { imageSize } = preprocessing;
    const { batchSize, accumulation } = recipe;
    this.#plan = plan;
    this.#run = run;
    this.#clock = clock;
    this.#dropout = new DropoutNoise(plan.manifest, plan.seed);
    const options = { diagnose: diagnoser(plan.files, plan.threads), accumulation };
    const pictureShape = [batchSize, 3, imageSize, imageSize];
    this.#step = new TrainStep(memory, pictureShape, noiseOf(plan, run), options);
    this.#watch = watchOf(plan, run.progress);
  }

  /** @throws Stopped between steps; what `take` and `afterStep` throw */
  async takeAll(
    batches: Batches,
    memory: StepMemory,
    hooks: TrainerHooks,
    { broken, afterStep }: StepListener,
  ): Promise<void> {
    const { accumulation } = this.#plan.manifest.recipe;
    const { stepsPerEpoch } = runLengths(this.#plan);
    const pull = () => memory.pull();
    let epochBegan = performance.now();
    const next = () => this.#clock.waitFor(batches.next());
    for (let batch = await next(); batch !== null; batch = await next()) {
      // In the middle of a step, bank and statistics have moved, and parameters have not.
      if (batch.step % accumulation === 0) throwIfStopped(hooks);
      broken(batch.broken);
      const isWhole = await this.#take(batch);
      batches.recycle(batch);
      if (!isWhole) continue;
      const paused = await afterStep((performance.now() - epochBegan) / 1000, pull);
      if (this.#run.progress.step % stepsPerEpoch === 0) epochBegan = performance.now();
      if (paused) this.#clock.restart();
    }
  }

  /**
   * @returns true: the step is whole; false: it takes more batches
   * @throws TrainingError when a number is not finite, or the loss leads nowhere
   */
  async #take(batch: StepPictures): Promise<boolean> {
    const { progress, journal, normalizer } = this.#run;
    const { stepsPerEpoch, steps } = runLengths(this.#plan);
    const rate = learningRate(this.#plan.schedule, progress.step, steps);
    const where = `step ${progress.step + 1}`;
    const given = { ...batch, inputs: this.#dropout.at(batch.step) };
    const { accumulation } = this.#plan.manifest.recipe;
    if ((batch.step + 1) % accumulation !== 0) {
      await this.#step.accumulate(given, rate, where);
      return false;
    }
    const loss = await this.#step.run(given, rate, where);
    const fault = this.#watch.observe(loss);
    if (fault !== null) throw new TrainingError(`${where}: ${fault}`);
    progress.watch = { ...this.#watch.state };
    progress.step++;
    progress.lossSum += loss;
    progress.logNormalizer = normalizer?.log ?? null;
    const record = { step: progress.step, epoch: batch.epoch + 1, loss, learningRate: rate };
    journal.record({ kind: "step", ...record });
    journal.emit({ kind: "step", ...record, steps, picturesPerSecond: this.#clock.tick() });
    if (progress.step % RATE_STEPS === 0 || progress.step % stepsPerEpoch === 0)
      journal.timing(this.#clock.timing(progress.step));
    return true;
  }
}

function watchOf(plan: TrainPlan, { watch }: Progress): DivergenceWatch {
  const { stepsPerEpoch } = runLengths(plan);
  const size = { instances: plan.train.rowCount, stepsPerEpoch, bankInit: plan.bankInit };
  const rule = divergenceRule(plan.manifest.recipe.objective, size);
  return new DivergenceWatch(rule, (watch as DivergenceState | null) ?? undefined);
}

/** null where the objective draws no noise. */
function noiseOf({ manifest, seed }: TrainPlan, { bank, normalizer }: Underway): NoiseInputs | null {
  const { objective, batchSize } = manifest.recipe;
  if (!("noise" in objective)) return null;
  return new NoiseInputs({ objective, instances: bank.shape[0]!, batchSize, seed, normalizer });
}
