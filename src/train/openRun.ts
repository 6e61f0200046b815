/** @file Opens the folder of a run: empty, or where a checkpoint left it. */

import { basename, dirname, join, resolve } from "node:path";
import { makeFolder, readArtifact, writeArtifact } from "../artifact/node.js";
import { readSafetensors } from "../artifact/safetensors.js";
import { FILES } from "../build/buildArtifact.js";
import type { DataSource } from "../data/dataset.js";
import { DataError, UsageError } from "../errors.js";
import { asFloat32, type RawTensor } from "../ir/rawTensor.js";
import { readCheckpoint } from "../run/checkpoint.js";
import { describeEnvironment, writeEnvironment } from "../run/environment.js";
import { RUN } from "../run/layout.js";
import { newProgress, type DataIdentity, type Progress } from "../run/progress.js";
import { removeNewerCheckpoints, removeUnfinished } from "../run/resume.js";
import { runtimeVersion } from "../runtime/node.js";
import { floats, type FloatTensor } from "../runtime/session.js";
import { Journal } from "./journal.js";
import { Normalizer } from "./normalizer.js";
import type { TrainEvent, TrainPlan } from "./plan.js";
import { TrainState } from "./state.js";

export interface OpenedRun {
  readonly state: TrainState;
  readonly progress: Progress;
  readonly journal: Journal;
  /** What training is in the middle of; null: it has not begun. */
  readonly underWay: { readonly bank: FloatTensor; readonly normalizer: Normalizer | null } | null;
}

/**
 * @param command arguments of the program, for env.json
 * @throws UsageError when the plan is not that of the checkpoint; DataError when its pictures are others
 * @throws ArtifactError when the checkpoint is damaged or the folder cannot be written
 */
export async function openRun(
  plan: TrainPlan,
  emit: (event: TrainEvent) => void,
  command: readonly string[],
): Promise<OpenedRun> {
  const opened = plan.resume === null ? await startRun(plan, emit) : await resumeRun(plan, plan.resume, emit);
  const onnxruntime = await runtimeVersion();
  await writeEnvironment(plan.out, describeEnvironment({ ...plan, onnxruntime, command }));
  return opened;
}

async function startRun(plan: TrainPlan, emit: (event: TrainEvent) => void): Promise<OpenedRun> {
  const initial = readSafetensors(plan.files.get(FILES.state)!, FILES.state);
  const state = stateOf(plan, initial.tensors, FILES.state);
  await writeArtifact(join(plan.out, RUN.graph), plan.files, plan.manifest);
  await makeFolder(join(plan.out, RUN.checkpoints));
  const journal = new Journal(plan.out, { step: 0, metricsBytes: 0 }, emit);
  journal.log(`begins: ${plan.train.name}, ${plan.train.rowCount} pictures, seed ${plan.seed}`);
  const progress = newProgress(identityOf(plan.train), plan.seed, plan);
  return { state, progress, journal, underWay: null };
}

async function resumeRun(
  plan: TrainPlan,
  file: string,
  emit: (event: TrainEvent) => void,
): Promise<OpenedRun> {
  checkFolder(plan, file);
  const { tensors, progress } = await readCheckpoint(file);
  checkData(plan.train, progress.data, file);
  checkSeed(plan, progress, file);
  await checkGraph(plan);
  const state = stateOf(plan, tensors, file);
  await removeUnfinished(plan.out);
  await removeNewerCheckpoints(plan.out, progress.step);
  const journal = new Journal(plan.out, progress, emit);
  journal.note(`goes on after step ${progress.step}, from ${basename(file)}`);
  tellChanges(plan, progress, journal);
  return {
    state,
    progress,
    journal,
    underWay: { ...bankOf(tensors, file), normalizer: normalizerOf(plan, progress) },
  };
}

/** What else computes than before. */
function tellChanges({ ep, threads }: TrainPlan, progress: Progress, journal: Journal): void {
  const { ep: epBefore = "cpu", threads: threadsBefore } = progress;
  if (ep !== epBefore) {
    journal.note(`runs on ${ep}, ran on ${epBefore} before: results may differ in their last digits`);
  } else if (ep === "cpu" && threads !== threadsBefore) {
    journal.note(
      `runs with ${threads} threads, ran with ${threadsBefore} before: results differ in their last bits`,
    );
  }
  progress.ep = ep;
  progress.threads = threads;
}

function stateOf(plan: TrainPlan, tensors: ReadonlyMap<string, RawTensor>, where: string): TrainState {
  return new TrainState({ ...plan.manifest, files: {} }, tensors, where);
}

function bankOf(tensors: ReadonlyMap<string, RawTensor>, file: string): { bank: FloatTensor } {
  const raw = tensors.get("bank")!;
  return { bank: floats(raw.shape, Float32Array.from(asFloat32(raw, `${file} bank`))) };
}

function normalizerOf({ manifest }: TrainPlan, { logNormalizer }: Progress): Normalizer | null {
  const { objective } = manifest.recipe;
  if (objective.name !== "nce" || logNormalizer === null) return null;
  return new Normalizer(objective.normalizer, logNormalizer);
}

function identityOf(source: DataSource): DataIdentity {
  return { format: source.format, pictures: source.rowCount, sha256: source.sha256 };
}

/** A run goes on in its own folder: its metrics are there. */
function checkFolder({ out }: TrainPlan, file: string): void {
  const folder = dirname(dirname(resolve(file)));
  if (folder === resolve(out)) return;
  throw new UsageError(
    `${file}: belongs to the run in ${folder}, expected one in ${out}; leave --out out, or name that folder`,
  );
}

function checkData(source: DataSource, before: DataIdentity, file: string): void {
  const now = identityOf(source);
  const differ = now.sha256 !== null && before.sha256 !== null && now.sha256 !== before.sha256;
  if (now.pictures === before.pictures && !differ) return;
  const show = ({ pictures, sha256 }: DataIdentity): string =>
    `${pictures} pictures, sha256 ${sha256 ?? "unknown"}`;
  throw new DataError(
    `${source.name}: has ${show(now)}, ${file} learned from ${show(before)}; ` +
      "each row of the bank belongs to one picture: restore the pictures, or begin a new run",
  );
}

function checkSeed({ seed }: TrainPlan, before: Progress, file: string): void {
  if (seed === before.seed) return;
  throw new UsageError(`seed: is ${seed}, ${file} has ${before.seed}; leave --seed out`);
}

/** @throws UsageError when the request is for another graph than that of the run */
async function checkGraph({ out, manifest, files }: TrainPlan): Promise<void> {
  const folder = join(out, RUN.graph);
  const before = await readArtifact(folder);
  const changed = [...files].filter(
    ([name, bytes]) => Buffer.compare(before.files.get(name) ?? Buffer.of(), bytes) !== 0,
  );
  if (changed.length === 0) return;
  const text = (value: unknown): string => JSON.stringify(value) ?? "nothing";
  const recipe = Object.entries(manifest.recipe).flatMap(([name, value]) => {
    const old = (before.manifest.recipe as Record<string, unknown>)[name];
    return text(old) === text(value) ? [] : [`${name} is ${text(value)}, was ${text(old)}`];
  });
  throw new UsageError(
    `${folder}: ${changed.map(([name]) => name).join(", ")} differ from what is asked for` +
      `${recipe.length > 0 ? ` (${recipe.join("; ")})` : ""}, expected the same to go on; ` +
      "leave out the options that changed, or begin a new run in another --out",
  );
}
