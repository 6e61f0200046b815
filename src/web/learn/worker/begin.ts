/** @file A run in memory: new, or as its checkpoint left it. */

import { readSafetensors } from "../../../artifact/safetensors.js";
import { FILES } from "../../../build/buildArtifact.js";
import type { BrokenPicture } from "../../../data/loader.js";
import { asFloat32 } from "../../../ir/rawTensor.js";
import { decodeCheckpoint, encodeCheckpoint } from "../../../run/checkpointBytes.js";
import { newProgress, type Progress } from "../../../run/progress.js";
import { sha256 } from "../../../run/sha256.js";
import { floats, type FloatTensor } from "../../../runtime/session.js";
import { estimateNormalizer } from "../../../train/estimateNormalizer.js";
import { forwardBank } from "../../../train/forwardBank.js";
import { initialBatches, logMeanExp, Normalizer } from "../../../train/normalizer.js";
import { tensorsOf } from "../../../train/runFiles.js";
import { TrainState } from "../../../train/state.js";
import { TabBatches } from "./batches.js";
import { Diary } from "./diary.js";
import type { Machine } from "./machine.js";
import { datasetOf, identityOf, type PictureSet } from "./pictures.js";
import type { PlannedRun } from "./settle.js";
import type { StoredCheckpoint } from "./store.js";

export interface LearningRun {
  readonly plan: PlannedRun;
  readonly set: PictureSet;
  readonly state: TrainState;
  /** [rows, D] */
  readonly bank: FloatTensor;
  /** null where the objective takes no ln Z. */
  readonly normalizer: Normalizer | null;
  readonly progress: Progress;
  readonly diary: Diary;
}

export type TellStage = (what: string, done: number, total: number) => void;

/** What comes before the first step: the bank, and Z. */
export async function beginRun(
  plan: PlannedRun,
  set: PictureSet,
  machine: Machine,
  tell: TellStage,
): Promise<LearningRun> {
  const { recipe, settings } = plan;
  const { seed } = settings;
  const initial = readSafetensors(plan.files.get(FILES.state)!, FILES.state);
  const state = stateOf(plan, initial.tensors, FILES.state);
  const progress = newProgress(identityOf(set), seed, machine.threads);
  const diary = new Diary();
  diary.log(`begins: ${set.name}, ${set.ids.length} pictures, seed ${seed}`);
  const started = { plan, set, state, progress, diary };
  const tellBroken = (pictures: readonly BrokenPicture[]) => recordBroken(started, pictures);
  const bank = await withSession(machine, plan, FILES.bankInit, (session) => {
    const batches = new TabBatches(datasetOf(set), plan, {
      kind: "evaluate",
      resize: plan.preprocessing.resize,
    });
    const filler = { session, state, batches, instances: set.ids.length, recipe, seed };
    return forwardBank(filler, tellBroken, (done, total) => tell("filling the bank", done, total));
  });
  const normalizer = await startNormalizer({ ...started, bank }, machine, tell);
  progress.logNormalizer = normalizer?.log ?? null;
  return { ...started, bank, normalizer };
}

/** null where the objective takes no ln Z. */
async function startNormalizer(
  run: Omit<LearningRun, "normalizer">,
  machine: Machine,
  tell: TellStage,
): Promise<Normalizer | null> {
  const { plan, set, state, bank } = run;
  const { recipe, augment } = plan;
  const { objective } = recipe;
  if (objective.name !== "nce" || objective.normalizer.mode === "exact") return null;
  const steps = initialBatches(objective.normalizer);
  const logs = await withSession(machine, plan, FILES.normalizer, (session) => {
    const batches = new TabBatches(datasetOf(set), plan, { kind: "augment", options: augment }, { steps });
    return estimateNormalizer(
      { session, state, batches, bank, recipe, seed: plan.settings.seed },
      (pictures) => recordBroken(run, pictures),
      (done) => tell("estimating Z", done, steps),
    );
  });
  return new Normalizer(objective.normalizer, logMeanExp(logs));
}

async function withSession<T>(
  machine: Machine,
  { files }: PlannedRun,
  name: string,
  use: (session: Awaited<ReturnType<Machine["open"]>>) => Promise<T>,
): Promise<T> {
  const session = await machine.open(files.get(name)!, name);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** Each once, however often it is met. */
export function recordBroken(
  { progress, diary }: Pick<LearningRun, "progress" | "diary">,
  pictures: readonly BrokenPicture[],
): void {
  for (const { row, id, reason } of pictures) {
    if (progress.broken.includes(row)) continue;
    progress.broken.push(row);
    diary.record({ kind: "broken", id, reason });
  }
}

/** Everything that it needs to go on, but for plan and pictures. */
export function checkpointOf({ state, bank, progress, diary }: LearningRun): StoredCheckpoint {
  progress.metricsBytes = diary.metricsBytes;
  const { step, epochs, finished } = progress;
  const bytes = encodeCheckpoint({ tensors: tensorsOf(state, bank), progress }, sha256);
  return { bytes, diary: diary.text, step, epochs, finished };
}

/** @throws ArtifactError when it is damaged */
export function restoreRun(plan: PlannedRun, set: PictureSet, stored: StoredCheckpoint): LearningRun {
  const where = "stored checkpoint";
  const { tensors, progress } = decodeCheckpoint(stored.bytes, where, sha256);
  const raw = tensors.get("bank")!;
  const { objective } = plan.recipe;
  const diary = new Diary(stored.diary);
  diary.log(`goes on after step ${progress.step}`);
  return {
    ...{ plan, set, progress, diary },
    state: stateOf(plan, tensors, where),
    bank: floats(raw.shape, Float32Array.from(asFloat32(raw, `${where} bank`))),
    normalizer:
      objective.name === "nce" && progress.logNormalizer !== null
        ? new Normalizer(objective.normalizer, progress.logNormalizer)
        : null,
  };
}

function stateOf(
  { manifest }: PlannedRun,
  tensors: ConstructorParameters<typeof TrainState>[1],
  where: string,
): TrainState {
  return new TrainState({ ...manifest, files: {} }, tensors, where);
}
