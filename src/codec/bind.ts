/** @file Replaces the weights in a finished model: how a trained encoder comes from the one that was built. */

import { ArtifactError } from "../errors.js";
import type { RawTensor } from "../ir/rawTensor.js";
import { decodeModel } from "./decode.js";
import { bindingFaults, encodeModel } from "./encode.js";

/**
 * The same model with `tensors` bound to its inputs of those names. Tensors that were bound before must all
 * be among them, so that old and new weights never mix.
 * @param where the file that `bytes` came from, for messages
 * @throws ArtifactError when the bytes are not a model of ours, or listing every tensor that is missing,
 *   unknown, or of another dtype or shape
 */
export function bindTensors(
  bytes: Uint8Array,
  tensors: ReadonlyMap<string, RawTensor>,
  where: string,
): Uint8Array {
  const model = decodeModel(bytes, where);
  const missing = [...model.tensors.keys()].filter((name) => !tensors.has(name));
  const faults = [
    ...missing.map((name) => `tensor ${name} is missing`),
    ...bindingFaults(model.graph, tensors),
  ];
  if (faults.length > 0) {
    throw new ArtifactError(
      `${where}: ${faults.join("; ")}; pass the tensors of the recipe that built this model`,
    );
  }
  return encodeModel(model.graph, { ...model, tensors });
}
