/** @file Writes a run's checkpoints, and the artifact that others read. */

import { join } from "node:path";
import { writeArtifact } from "../artifact/node.js";
import { writeCheckpoint } from "../run/checkpoint.js";
import { RUN } from "../run/layout.js";
import type { Progress } from "../run/progress.js";
import { pruneCheckpoints } from "../run/resume.js";
import type { FloatTensor } from "../runtime/session.js";
import type { TrainPlan } from "./plan.js";
import { exportedFiles, tensorsOf } from "./runFiles.js";
import type { TrainState } from "./state.js";

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
 * Writes exported/.
 * @throws ArtifactError when it cannot be written
 */
export async function exportArtifact(
  plan: TrainPlan,
  state: TrainState,
  bank: FloatTensor,
  progress: Progress,
): Promise<void> {
  const files = exportedFiles(plan, state, bank, progress);
  await writeArtifact(join(plan.out, RUN.exported), files, plan.manifest);
}
