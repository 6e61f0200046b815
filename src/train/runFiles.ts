/** @file What the files of a run hold, made of its state. Nothing here imports Node. */

import { CLASS_WEIGHTS } from "../../graphs/index.js";
import { writeSafetensors } from "../artifact/safetensors.js";
import { FILES } from "../build/buildArtifact.js";
import { bindTensors } from "../codec/bind.js";
import { fromFloat32, type RawTensor } from "../ir/rawTensor.js";
import type { Progress } from "../run/progress.js";
import type { FloatTensor } from "../runtime/session.js";
import type { TrainPlan } from "./plan.js";
import type { TrainState } from "./state.js";

/** encoder.onnx with the weights of now. */
export function boundEncoder({ files }: Pick<TrainPlan, "files">, state: TrainState): Uint8Array {
  const tensors = state.raw("parameter", "statistic");
  tensors.delete(CLASS_WEIGHTS);
  return bindTensors(files.get(FILES.encoder)!, tensors, FILES.encoder);
}

/** Parameters, statistics, momentum and the bank: of a checkpoint and of what is exported. */
export function tensorsOf(state: TrainState, bank: FloatTensor): Map<string, RawTensor> {
  return new Map([
    ...state.raw("parameter", "statistic", "momentum"),
    ["bank", fromFloat32(bank.data, bank.shape)] as const,
  ]);
}

/** The files of exported/: the graphs, the encoder with what was learned, and the state. */
export function exportedFiles(
  plan: Pick<TrainPlan, "files">,
  state: TrainState,
  bank: FloatTensor,
  { step, logNormalizer }: Pick<Progress, "step" | "logNormalizer">,
): ReadonlyMap<string, Uint8Array> {
  const metadata = {
    format: "pt",
    step: String(step),
    ...(logNormalizer === null ? {} : { logNormalizer: String(logNormalizer) }),
  };
  return new Map([
    ...plan.files,
    [FILES.encoder, boundEncoder(plan, state)],
    [FILES.state, writeSafetensors({ tensors: tensorsOf(state, bank), metadata })],
  ]);
}
