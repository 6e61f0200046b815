/**
 * @file A run from its first to its last step. It runs where its caller runs it, tells events, and writes the run folder.
 *
 * Everything that a checkpoint or metrics.jsonl holds is a function of the plan, so a run that was interrupted and
 * resumed, however often, ends in the same bytes as one that was not.
 */

import { join } from "node:path";
import { atomicWrite, makeFolder } from "../artifact/node.js";
import { DEFAULT_CACHE_BYTES, type BrokenPicture } from "../data/loader.js";
import { LoaderPool } from "../data/loaderPool.js";
import { Monitor, type Evaluation } from "../evaluate/monitor.js";
import { writeReport } from "../report/writeReport.js";
import { stepName } from "../run/checkpoint.js";
import { RUN } from "../run/layout.js";
import type { KnnLevel, LevelName } from "../run/records.js";
import { fillBank } from "./fillBank.js";
import { asItIs, fitGraphs } from "./fitGraphs.js";
import { openRun, type OpenedRun } from "./openRun.js";
import {
  checkPlan,
  runLengths,
  type FittedPlan,
  type RunningPlan,
  type TrainPlan,
  type TrainSummary,
} from "./plan.js";
import { boundEncoder } from "./runFiles.js";
import { exportArtifact, saveCheckpoint } from "./saveRun.js";
import { startNormalizer } from "./startNormalizer.js";
import { takeSteps, type Underway } from "./steps.js";
import { Stopped, throwIfStopped, type TrainerHooks } from "./stopped.js";

/** The page of a run under way is drawn anew at most this often: it takes a second. */
const REPORT_EVERY_MS = 60_000;
/** Decoded pictures that are held out: each epoch measures them. */
const HELD_OUT_CACHE_BYTES = 128 * 2 ** 20;

/**
 * @param command arguments of the program, for env.json
 * @throws UsageError when there are fewer pictures than a batch holds or the noise needs, or others than the graph is
 *   for, or the plan does not go on where its checkpoint left off
 * @throws TrainingError when the loss is not a number
 * @throws ArtifactError when the run folder cannot be written; in each case the last checkpoint stays
 */
export async function train(
  plan: TrainPlan,
  hooks: TrainerHooks,
  command: readonly string[] = process.argv.slice(2),
): Promise<TrainSummary> {
  checkPlan(plan);
  const started = performance.now();
  const opened = await openRun(plan, (event) => hooks.emit(event), command);
  const pool = new LoaderPool();
  try {
    pool.keepPictures(plan.train, DEFAULT_CACHE_BYTES);
    if (plan.evaluate) pool.keepPictures(plan.evaluate, HELD_OUT_CACHE_BYTES);
    return await new Trainer({ ...plan, pool }, hooks, opened, started).run();
  } finally {
    await pool.close();
  }
}

class Trainer {
  readonly #plan: RunningPlan;
  readonly #hooks: TrainerHooks;
  readonly #opened: OpenedRun;
  readonly #started: number;
  readonly #brokenRows: Set<number>;
  #monitor!: Monitor;
  #underWay: Underway | null;
  #reported = performance.now();

  constructor(plan: RunningPlan, hooks: TrainerHooks, opened: OpenedRun, started: number) {
    this.#plan = plan;
    this.#hooks = hooks;
    this.#opened = opened;
    this.#started = started;
    this.#brokenRows = new Set(opened.progress.broken);
    this.#underWay = opened.underWay;
  }

  async run(): Promise<TrainSummary> {
    const { journal, progress } = this.#opened;
    let interrupted = false;
    try {
      this.#monitor = await this.#openMonitor();
      await this.#learn();
    } catch (error) {
      if (!(error instanceof Stopped)) throw this.#logged(error);
      interrupted = true;
      await this.#saveAll();
      journal.log(`stopped after step ${progress.step}`);
    } finally {
      journal.close();
    }
    return this.#summary(interrupted);
  }

  /** @throws Stopped when the user asks for it */
  async #learn(): Promise<void> {
    const { journal, progress } = this.#opened;
    const { stepsPerEpoch, steps } = runLengths(this.#plan);
    const isOver = this.#underWay !== null && progress.step >= steps;
    const plan = isOver ? asItIs(this.#plan) : await fitGraphs(this.#plan, journal, this.#stage("tuning"));
    this.#underWay ??= await this.#begin(plan);
    if (progress.step < steps) progress.finished = false;
    // A run can be stopped after an epoch's last step and before its end.
    if (progress.epochs < Math.floor(progress.step / stepsPerEpoch)) await this.#endEpoch();
    await takeSteps(plan, this.#hooks, { ...this.#opened, ...this.#underWay }, this.#started, {
      broken: (pictures) => this.#tellBroken(pictures),
      afterStep: (seconds) => this.#afterStep(seconds),
    });
    if (progress.finished) this.#opened.journal.note(`nothing is left to do after step ${progress.step}`);
    else await this.#finish();
  }

  /** What comes before the first step: levels to beat, the bank, Z, and a checkpoint to start again from. */
  async #begin(plan: FittedPlan): Promise<Underway> {
    const { state, progress } = this.#opened;
    throwIfStopped(this.#hooks);
    const levels = await this.#monitor.baselines(boundEncoder(this.#plan, state));
    for (const [name, knn] of levels) this.#level(name, knn);
    const broken = (pictures: readonly BrokenPicture[]) => this.#tellBroken(pictures);
    const bank = await fillBank(plan, state, broken, this.#stage("filling the bank"));
    const normalizer = await startNormalizer(plan, state, bank, broken, this.#stage("estimating Z"));
    progress.logNormalizer = normalizer?.log ?? null;
    await this.#checkpoint({ bank, normalizer });
    return { bank, normalizer };
  }

  /** @param seconds since the epoch, or the resumption in it, began */
  async #afterStep(seconds: number): Promise<boolean> {
    const { progress } = this.#opened;
    const { stepsPerEpoch } = runLengths(this.#plan);
    throwIfStopped(this.#hooks);
    if (progress.step % stepsPerEpoch === 0) {
      await this.#endEpoch(seconds);
      return true;
    }
    if (!this.#isDue()) return false;
    await this.#checkpoint();
    return true;
  }

  async #endEpoch(seconds = 0): Promise<void> {
    const { journal, progress } = this.#opened;
    const { stepsPerEpoch, steps } = runLengths(this.#plan);
    const { step } = progress;
    const epoch = progress.epochs + 1;
    const loss = progress.lossSum / stepsPerEpoch;
    const isWanted = epoch % this.#plan.evaluateEvery === 0 || step === steps;
    const evaluation = isWanted ? await this.#evaluate() : null;
    journal.record({ kind: "epoch", step, epoch, loss });
    progress.epochs = epoch;
    progress.lossSum = 0;
    progress.lastLoss = loss;
    const isBest = evaluation !== null && (await this.#tellEvaluation(evaluation));
    const { knn, embedding } = evaluation ?? { knn: [], embedding: null };
    journal.emit({ kind: "epoch", epoch, loss, seconds, knn, embedding });
    if (isBest || this.#isDue() || step === steps) await this.#checkpoint();
    if (evaluation === null || step === steps) return;
    await this.#export();
    if (performance.now() - this.#reported > REPORT_EVERY_MS) await this.#report();
  }

  /** After the last step: a last evaluation, and all pictures encoded by what was learned. */
  async #finish(): Promise<void> {
    const { state, progress } = this.#opened;
    if (progress.evaluated !== progress.step) {
      await this.#tellEvaluation(await this.#evaluate());
      await this.#checkpoint();
    }
    const knn = await this.#monitor.encodedLevels(
      boundEncoder(this.#plan, state),
      "measuring what was learned",
    );
    if (knn.length > 0) this.#level("learned", knn);
    progress.finished = true;
    // The checkpoint says that nothing is left to do, so it comes last.
    await this.#export();
    await this.#checkpoint();
    this.#opened.journal.log(`ends after step ${progress.step}`);
    await this.#report();
  }

  async #evaluate(): Promise<Evaluation> {
    const { state } = this.#opened;
    const { data, shape } = this.#underWay!.bank;
    const [count, dim] = shape as [number, number];
    throwIfStopped(this.#hooks);
    const encoder = boundEncoder(this.#plan, state);
    return this.#monitor.evaluate(encoder, { count, dim, data }, this.#brokenRows);
  }

  /** @returns whether it is the best so far */
  async #tellEvaluation({ knn, embedding, stripsPng }: Evaluation): Promise<boolean> {
    const { journal, progress } = this.#opened;
    const { step, epochs: epoch } = progress;
    const strips = stripsPng && `${RUN.neighbours}/${stepName(step)}.png`;
    if (strips !== null) {
      await makeFolder(join(this.#plan.out, RUN.neighbours));
      await atomicWrite(join(this.#plan.out, strips), stripsPng!);
      journal.strips(step, stripsPng!);
    }
    journal.record({ kind: "evaluation", step, epoch, knn, embedding, strips });
    progress.evaluated = step;
    const top1 = knn.find(({ k }) => k > 1)?.top1;
    if (top1 === undefined || top1 <= (progress.best?.top1 ?? -1)) return false;
    progress.best = { step, top1 };
    return true;
  }

  /** A checkpoint is wanted after this step. */
  #isDue(): boolean {
    const { step } = this.#opened.progress;
    return step % (this.#plan.checkpointEvery ?? runLengths(this.#plan).stepsPerEpoch) === 0;
  }

  async #checkpoint(underWay: Underway = this.#underWay!): Promise<void> {
    const { state, journal, progress } = this.#opened;
    progress.metricsBytes = journal.sync();
    await saveCheckpoint(this.#plan, state, underWay.bank, progress);
  }

  async #export(): Promise<void> {
    const { state, progress } = this.#opened;
    await exportArtifact(this.#plan, state, this.#underWay!.bank, progress);
  }

  /** Of a run that is stopped; before the first checkpoint there is nothing worth saving. */
  async #saveAll(): Promise<void> {
    if (this.#underWay === null) return;
    await this.#checkpoint();
    await this.#export();
    await this.#report();
  }

  async #report(): Promise<void> {
    await writeReport(this.#plan.out);
    this.#reported = performance.now();
  }

  #openMonitor(): Promise<Monitor> {
    const { manifest, knnTemperature: temperature, ...plan } = this.#plan;
    const { embeddingDim } = manifest.recipe;
    const tellBroken = (pictures: readonly BrokenPicture[]) => this.#tellBrokenHeldOut(pictures);
    const options = { ...plan, preprocessing: manifest.preprocessing, embeddingDim, temperature, tellBroken };
    return Monitor.open(options, (what) => this.#stage(what));
  }

  #level(name: LevelName, knn: readonly KnnLevel[]): void {
    const { journal, progress } = this.#opened;
    progress.levels[name] = knn;
    journal.record({ kind: "level", name, knn });
  }

  /** Each once, however often it is met. */
  #tellBroken(pictures: readonly BrokenPicture[]): void {
    const { journal, progress } = this.#opened;
    for (const { row, id, reason } of pictures) {
      if (this.#brokenRows.has(row)) continue;
      this.#brokenRows.add(row);
      progress.broken.push(row);
      journal.record({ kind: "broken", id, reason });
    }
  }

  #tellBrokenHeldOut(pictures: readonly BrokenPicture[]): void {
    const { journal, progress } = this.#opened;
    for (const { id, reason } of pictures) {
      if (progress.brokenHeldOut.includes(id)) continue;
      progress.brokenHeldOut.push(id);
      journal.record({ kind: "broken", id, reason });
    }
  }

  /** Says how far a stage is. It is broken off when the user asks to stop. */
  #stage(what: string): (done: number, total: number) => void {
    return (done, total) => {
      throwIfStopped(this.#hooks);
      this.#opened.journal.emit({ kind: "stage", what, done, total });
    };
  }

  /** Into the log as well, unless the disk is what failed. */
  #logged(error: unknown): unknown {
    try {
      this.#opened.journal.log(`failed: ${error instanceof Error ? error.message : String(error)}`);
    } catch {
      // The first error says more.
    }
    return error;
  }

  #summary(interrupted: boolean): TrainSummary {
    const { step, epochs, lastLoss, lossSum, levels, broken, brokenHeldOut } = this.#opened.progress;
    const sinceEpoch = step - epochs * runLengths(this.#plan).stepsPerEpoch;
    return {
      out: this.#plan.out,
      epochs,
      steps: step,
      loss: lastLoss ?? lossSum / sinceEpoch,
      seconds: (performance.now() - this.#started) / 1000,
      interrupted,
      levels,
      brokenPictures: broken.length + brokenHeldOut.length,
    };
  }
}
