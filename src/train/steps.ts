/** @file The steps of a run, from where it is to its end. */

import { createLoader, type Batch, type BrokenPicture } from "../data/loader.js";
import { FILES } from "../build/buildArtifact.js";
import { openSession } from "../runtime/node.js";
import type { FloatTensor, Session } from "../runtime/session.js";
import { DropoutNoise } from "./dropoutNoise.js";
import { NoiseInputs } from "./noiseInputs.js";
import type { Normalizer } from "./normalizer.js";
import type { OpenedRun } from "./openRun.js";
import { runLengths, type TrainPlan } from "./plan.js";
import { learningRate } from "./schedule.js";
import { RATE_STEPS, StepClock } from "./stepClock.js";
import { throwIfStopped, type TrainerHooks } from "./stopped.js";
import { TrainStep } from "./step.js";

/** What steps change beside the state. */
export interface Underway {
  readonly bank: FloatTensor;
  /** null where the objective takes no ln Z. */
  readonly normalizer: Normalizer | null;
}

export type RunUnderWay = Omit<OpenedRun, "underWay"> & Underway;

export interface StepListener {
  broken(pictures: readonly BrokenPicture[]): void;
  /**
   * After each step, once it is recorded.
   * @param seconds since the epoch began, or was resumed
   * @returns true: something else than steps took time
   */
  afterStep(seconds: number): Promise<boolean>;
}

/** Takes every step that is left. @throws what `afterStep` throws */
export async function takeSteps(
  plan: TrainPlan,
  hooks: TrainerHooks,
  run: RunUnderWay,
  started: number,
  listener: StepListener,
): Promise<void> {
  const { recipe, preprocessing } = plan.manifest;
  const { imageSize, mean, std } = preprocessing;
  const { batchSize } = recipe;
  const { stepsPerEpoch, steps } = runLengths(plan);
  const firstStep = run.progress.step;
  if (firstStep >= steps) return;
  throwIfStopped(hooks);
  const model = plan.files.get(FILES.trainStep)!;
  const session = await openSession(model, FILES.trainStep, { ep: "cpu", threads: plan.threads });
  const loader = createLoader({
    source: plan.train,
    transform: { kind: "augment", options: plan.augment },
    ...{ imageSize, mean, std, batchSize, firstStep },
    seed: plan.seed,
    steps: steps - firstStep,
    workers: plan.dataWorkers,
    strict: plan.strictData,
  });
  const clock = new StepClock(batchSize, started);
  const stepper = new Stepper(plan, run, session, clock);
  let epochBegan = performance.now();
  try {
    const next = () => clock.waitFor(loader.next());
    for (let batch = await next(); batch !== null; batch = await next()) {
      throwIfStopped(hooks);
      listener.broken(batch.broken);
      await stepper.take(batch);
      loader.recycle(batch);
      const paused = await listener.afterStep((performance.now() - epochBegan) / 1000);
      if (run.progress.step % stepsPerEpoch === 0) epochBegan = performance.now();
      if (paused) clock.restart();
    }
  } finally {
    await loader.close();
    await session.close();
  }
}

/** One step after the other, each recorded. */
class Stepper {
  readonly #plan: TrainPlan;
  readonly #run: RunUnderWay;
  readonly #clock: StepClock;
  readonly #step: TrainStep;
  readonly #dropout: DropoutNoise;

  constructor(plan: TrainPlan, run: RunUnderWay, session: Session, clock: StepClock) {
    const { recipe, preprocessing } = plan.manifest;
    const { imageSize } = preprocessing;
    this.#plan = plan;
    this.#run = run;
    this.#clock = clock;
    this.#dropout = new DropoutNoise(plan.manifest, plan.seed);
    const pictureShape = [recipe.batchSize, 3, imageSize, imageSize];
    this.#step = new TrainStep(session, run.state, run.bank, pictureShape, noiseOf(plan, run));
  }

  async take(batch: Batch): Promise<void> {
    const { progress, journal, normalizer } = this.#run;
    const { stepsPerEpoch, steps } = runLengths(this.#plan);
    const rate = learningRate(this.#plan.schedule, progress.step, steps);
    const inputs = this.#dropout.at(progress.step);
    const loss = await this.#step.run({ ...batch, inputs }, rate, `step ${progress.step + 1}`);
    progress.step++;
    progress.lossSum += loss;
    progress.logNormalizer = normalizer?.log ?? null;
    const record = { step: progress.step, epoch: batch.epoch + 1, loss, learningRate: rate };
    journal.record({ kind: "step", ...record });
    journal.emit({ kind: "step", ...record, steps, picturesPerSecond: this.#clock.tick() });
    if (progress.step % RATE_STEPS === 0 || progress.step % stepsPerEpoch === 0)
      journal.timing(this.#clock.timing(progress.step));
  }
}

/** null where the objective draws no noise. */
function noiseOf({ manifest, seed }: TrainPlan, { bank, normalizer }: Underway): NoiseInputs | null {
  const { objective, batchSize } = manifest.recipe;
  if (!("noise" in objective)) return null;
  return new NoiseInputs({ objective, instances: bank.shape[0]!, batchSize, seed, normalizer });
}
