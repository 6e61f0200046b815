/** @file Writes a run's checkpoints, and the artifact that others read. */

import { join } from "node:path";
import { CLASS_WEIGHTS } from "../../graphs/index.js";
import { writeArtifact } from "../artifact/node.js";
import { writeSafetensors } from "../artifact/safetensors.js";
import { FILES } from "../build/buildArtifact.js";
import { bindTensors } from "../codec/bind.js";
import { fromFloat32, type RawTensor } from "../ir/rawTensor.js";
import { writeCheckpoint } from "../run/checkpoint.js";
import { RUN } from "../run/layout.js";
import type { Progress } from "../run/progress.js";
import { pruneCheckpoints } from "../run/resume.js";
import type { FloatTensor } from "../runtime/session.js";
import type { TrainPlan } from "./plan.js";
import type { TrainState } from "./state.js";

/** An encoder with the weights of now. */
export function boundEncoder(encoder: Uint8Array, state: TrainState): Uint8Array {
  const tensors = state.raw("parameter", "statistic");
  tensors.delete(CLASS_WEIGHTS);
  return bindTensors(encoder, tensors, FILES.encoder);
}

/**
 * Writes a checkpoint, and then removes those that are not to be kept.
 * @throws ArtifactError when it cannot be written; earlier ones are then still there
 */
export async function saveCheckpoint(
  { out, keep }: TrainPlan,
  state: TrainState,
  bank: FloatTensor,
  progress: Progress,
): Promise<void> {
  await writeCheckpoint(out, { tensors: tensorsOf(state, bank), progress });
  await pruneCheckpoints(out, keep, progress.best?.step ?? null);
}

/**
 * Writes exported/: the graphs, the encoder with what was learned, and the state.
 * @throws ArtifactError when it cannot be written
 */
export async function exportArtifact(
  plan: TrainPlan,
  state: TrainState,
  bank: FloatTensor,
  { step, logNormalizer }: Progress,
): Promise<void> {
  const metadata = {
    format: "pt",
    step: String(step),
    ...(logNormalizer === null ? {} : { logNormalizer: String(logNormalizer) }),
  };
  const files = new Map(plan.files);
  files.set(FILES.encoder, boundEncoder(plan.files.get(FILES.encoder)!, state));
  files.set(FILES.state, writeSafetensors({ tensors: tensorsOf(state, bank), metadata }));
  await writeArtifact(join(plan.out, RUN.exported), files, plan.manifest);
}

function tensorsOf(state: TrainState, bank: FloatTensor): Map<string, RawTensor> {
  return new Map([
    ...state.raw("parameter", "statistic", "momentum"),
    ["bank", fromFloat32(bank.data, bank.shape)] as const,
  ]);
}
