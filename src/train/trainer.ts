/** @file The training loop. It runs where its caller runs it, reports events, and writes the run folder. */

import { CLASS_WEIGHTS } from "../../graphs/index.js";
import { writeArtifact } from "../artifact/node.js";
import { readSafetensors, writeSafetensors } from "../artifact/safetensors.js";
import { FILES } from "../build/buildArtifact.js";
import { bindTensors } from "../codec/bind.js";
import { createLoader, type Batch } from "../data/loader.js";
import { Monitor } from "../evaluate/monitor.js";
import { fromFloat32 } from "../ir/rawTensor.js";
import { openSession } from "../runtime/node.js";
import type { FloatTensor } from "../runtime/session.js";
import type { KnnLevel, LevelName } from "../run/records.js";
import { DropoutNoise } from "./dropoutNoise.js";
import { fillBank } from "./fillBank.js";
import { MetricsFile } from "./metrics.js";
import { NoiseInputs } from "./noiseInputs.js";
import type { Normalizer } from "./normalizer.js";
import { checkPlan, type TrainEvent, type TrainPlan, type TrainSummary } from "./plan.js";
import { learningRate } from "./schedule.js";
import { startNormalizer } from "./startNormalizer.js";
import { TrainState } from "./state.js";
import { TrainStep } from "./step.js";

/** Steps that the shown rate is averaged over. */
const RATE_STEPS = 20;

export interface TrainerHooks {
  emit(event: TrainEvent): void;
  /** true: finish the step in hand, write the run, and end. */
  stopRequested(): boolean;
}

/**
 * @throws UsageError when there are fewer pictures than a batch holds or the noise needs, or others than the graph is for
 * @throws TrainingError when the loss is not a number; the run folder then holds the last whole epoch
 */
export async function train(plan: TrainPlan, hooks: TrainerHooks): Promise<TrainSummary> {
  return new Trainer(plan, hooks).run();
}

class Trainer {
  readonly #plan: TrainPlan;
  readonly #hooks: TrainerHooks;
  readonly #state: TrainState;
  readonly #levels: Partial<Record<LevelName, readonly KnnLevel[]>> = {};
  readonly #metrics: MetricsFile;
  readonly #dropout: DropoutNoise;
  readonly #started = performance.now();
  #bank!: FloatTensor;
  #normalizer: Normalizer | null = null;
  #monitor!: Monitor;
  #step = 0;

  constructor(plan: TrainPlan, hooks: TrainerHooks) {
    this.#plan = plan;
    this.#hooks = hooks;
    const initial = readSafetensors(plan.files.get(FILES.state)!, FILES.state);
    this.#state = new TrainState({ ...plan.manifest, files: {} }, initial.tensors, FILES.state);
    this.#metrics = new MetricsFile(plan.out);
    this.#dropout = new DropoutNoise(plan.manifest, plan.seed);
  }

  async run(): Promise<TrainSummary> {
    const plan = this.#plan;
    checkPlan(plan);
    this.#monitor = await this.#openMonitor();
    for (const [name, knn] of await this.#monitor.baselines(this.#encoder())) this.#level(name, knn);
    this.#bank = await fillBank(plan, this.#state, this.#stage("filling the bank"));
    this.#normalizer = await startNormalizer(plan, this.#state, this.#bank, this.#stage("estimating Z"));
    const losses = await this.#epochs();
    const interrupted = this.#hooks.stopRequested();
    if (!interrupted) await this.#measureLearned();
    await this.#save();
    return {
      out: plan.out,
      epochs: losses.length,
      steps: this.#step,
      loss: losses.at(-1) ?? NaN,
      seconds: (performance.now() - this.#started) / 1000,
      interrupted,
      levels: this.#levels,
    };
  }

  /** null where the objective draws no noise. */
  #noise(): NoiseInputs | null {
    const { objective, batchSize } = this.#plan.manifest.recipe;
    if (!("noise" in objective)) return null;
    const [instances] = this.#bank.shape as [number];
    const { seed } = this.#plan;
    return new NoiseInputs({ objective, instances, batchSize, seed, normalizer: this.#normalizer });
  }

  /** Mean loss of each whole epoch. */
  async #epochs(): Promise<number[]> {
    const plan = this.#plan;
    const { recipe, preprocessing } = plan.manifest;
    const { imageSize, mean, std } = preprocessing;
    const stepsPerEpoch = Math.floor(plan.train.rowCount / recipe.batchSize);
    const steps = stepsPerEpoch * plan.epochs;
    const session = await openSession(plan.files.get(FILES.trainStep)!, FILES.trainStep, {
      ep: "cpu",
      threads: plan.threads,
    });
    const pictureShape = [recipe.batchSize, 3, imageSize, imageSize];
    const step = new TrainStep(session, this.#state, this.#bank, pictureShape, this.#noise());
    const transform = { kind: "augment", options: plan.augment } as const;
    const options = { source: plan.train, transform, imageSize, mean, std, seed: plan.seed };
    const loader = createLoader({
      ...options,
      batchSize: recipe.batchSize,
      steps,
      workers: plan.dataWorkers,
    });
    const losses: number[] = [];
    const rate = new Rate(recipe.batchSize);
    let [sum, began] = [0, performance.now()];
    try {
      for (let batch = await loader.next(); batch !== null; batch = await loader.next()) {
        sum += await this.#oneStep(step, batch, steps, rate);
        loader.recycle(batch);
        if (this.#hooks.stopRequested()) break;
        if (this.#step % stepsPerEpoch !== 0) continue;
        losses.push(sum / stepsPerEpoch);
        await this.#endEpoch(losses, (performance.now() - began) / 1000);
        [sum, began] = [0, performance.now()];
        rate.restart();
      }
    } finally {
      await loader.close();
      await session.close();
    }
    return losses;
  }

  async #oneStep(step: TrainStep, batch: Batch, steps: number, rate: Rate): Promise<number> {
    const lr = learningRate(this.#plan.schedule, this.#step, steps);
    const inputs = this.#dropout.at(this.#step);
    const loss = await step.run({ ...batch, inputs }, lr, `step ${this.#step + 1}`);
    this.#step++;
    this.#emit({
      kind: "step",
      step: this.#step,
      steps,
      epoch: batch.epoch + 1,
      loss,
      learningRate: lr,
      picturesPerSecond: rate.tick(),
    });
    return loss;
  }

  async #endEpoch(losses: readonly number[], seconds: number): Promise<void> {
    const [count, dim] = this.#bank.shape as [number, number];
    const { knn } = await this.#monitor.evaluate(this.#encoder(), { count, dim, data: this.#bank.data });
    this.#emit({ kind: "epoch", epoch: losses.length, loss: losses.at(-1)!, seconds, knn });
    await this.#save();
  }

  #openMonitor(): Promise<Monitor> {
    const {
      manifest,
      train: source,
      evaluate,
      augment,
      seed,
      threads,
      dataWorkers,
      knnTemperature,
    } = this.#plan;
    const { embeddingDim } = manifest.recipe;
    const { preprocessing } = manifest;
    return Monitor.open(
      {
        train: source,
        evaluate,
        augment,
        preprocessing,
        embeddingDim,
        seed,
        threads,
        dataWorkers,
        temperature: knnTemperature,
      },
      (what) => this.#stage(what),
    );
  }

  async #measureLearned(): Promise<void> {
    const knn = await this.#monitor.encodedLevels(this.#encoder(), "measuring what was learned");
    if (knn.length > 0) this.#level("learned", knn);
  }

  /** encoder.onnx with the weights of now. */
  #encoder(): Uint8Array {
    const tensors = this.#state.raw("parameter", "statistic");
    tensors.delete(CLASS_WEIGHTS);
    return bindTensors(this.#plan.files.get(FILES.encoder)!, tensors, FILES.encoder);
  }

  async #save(): Promise<void> {
    const plan = this.#plan;
    const bank = fromFloat32(this.#bank.data, this.#bank.shape);
    const tensors = new Map([
      ...this.#state.raw("parameter", "statistic", "momentum"),
      ["bank", bank] as const,
    ]);
    const metadata = {
      format: "pt",
      step: String(this.#step),
      ...(this.#normalizer ? { logNormalizer: String(this.#normalizer.log) } : {}),
    };
    const files = new Map(plan.files);
    files.set(FILES.encoder, this.#encoder());
    files.set(FILES.state, writeSafetensors({ tensors, metadata }));
    await writeArtifact(plan.out, files, plan.manifest);
  }

  #level(name: LevelName, knn: readonly KnnLevel[]): void {
    this.#levels[name] = knn;
    this.#emit({ kind: "level", name, knn });
  }

  #stage(what: string): (done: number, total: number) => void {
    return (done, total) => this.#emit({ kind: "stage", what, done, total });
  }

  #emit(event: TrainEvent): void {
    if (event.kind !== "stage") this.#metrics.append(event);
    this.#hooks.emit(event);
  }
}

/** Pictures per second over the last steps. */
class Rate {
  readonly #batchSize: number;
  #times: number[] = [performance.now()];

  constructor(batchSize: number) {
    this.#batchSize = batchSize;
  }

  /** Time spent between epochs does not count. */
  restart(): void {
    this.#times = [performance.now()];
  }

  tick(): number {
    this.#times = [...this.#times, performance.now()].slice(-RATE_STEPS - 1);
    const elapsed = (this.#times.at(-1)! - this.#times[0]!) / 1000;
    return elapsed > 0 ? (this.#batchSize * (this.#times.length - 1)) / elapsed : 0;
  }
}
