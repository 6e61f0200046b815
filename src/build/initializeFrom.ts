/** @file Replaces the initial weights of a built artifact by given ones, such as a PyTorch state dict. */

import type { TensorRole } from "../artifact/manifest.js";
import { readSafetensors, writeSafetensors } from "../artifact/safetensors.js";
import { describeMatch, matchStateDict } from "../artifact/stateDict.js";
import { bindTensors } from "../codec/bind.js";
import { decodeModel } from "../codec/decode.js";
import { ArtifactError } from "../errors.js";
import type { RawTensor } from "../ir/rawTensor.js";
import { FILES, type BuiltArtifact } from "./buildArtifact.js";

export interface InitializeOptions {
  /** Where the tensors came from, for messages. */
  readonly where: string;
  /** true: load what fits, and report the rest. */
  readonly partial: boolean;
}

export interface Initialized {
  readonly artifact: BuiltArtifact;
  /** One line for the user. */
  readonly report: string;
}

/**
 * The artifact with the encoder's parameters and statistics as given, in encoder.onnx and state.safetensors alike.
 * Tensors that the objective has beside them keep their values; of what the artifact may have learned before, such as
 * momentum, nothing is kept.
 * @throws ArtifactError unless all tensors fit, listing every one that is missing, unexpected, or of another shape or
 *   dtype; if `partial`, when not one fits
 */
export function initializeFrom(
  artifact: BuiltArtifact,
  given: ReadonlyMap<string, RawTensor>,
  { where, partial }: InitializeOptions,
): Initialized {
  const encoder = artifact.files.get(FILES.encoder)!;
  const current = decodeModel(encoder, FILES.encoder).tensors;
  const expected = new Map([...current].map(([name, { shape }]) => [name, shape]));
  const match = matchStateDict(expected, withoutTrainingState(given, expected, artifact));
  const faults = describeMatch(match);
  const { arch } = artifact.manifest.recipe;
  if (faults !== null && !(partial && match.tensors.size > 0)) {
    const remedy = partial
      ? "give weights of this network"
      : "give weights of this network, or load what fits with --init-partial";
    throw new ArtifactError(
      `${where}: ${match.tensors.size} of ${expected.size} tensors fit ${arch}; ${faults}; ${remedy}`,
    );
  }

  const weights = new Map([...current, ...match.tensors]);
  const state = readSafetensors(artifact.files.get(FILES.state)!, FILES.state).tensors;
  const objective = artifact.manifest.tensors
    .filter(({ name, role }) => isKept(role) && !weights.has(name) && state.has(name))
    .map(({ name }): [string, RawTensor] => [name, state.get(name)!]);
  const files = new Map(artifact.files);
  files.set(FILES.encoder, bindTensors(encoder, weights, FILES.encoder));
  files.set(
    FILES.state,
    writeSafetensors({ tensors: new Map([...weights, ...objective]), metadata: { format: "pt" } }),
  );
  const report = `${where}: loaded ${match.tensors.size} of ${expected.size} tensors${faults === null ? "" : `; ${faults}`}`;
  return { artifact: { ...artifact, files }, report };
}

const isKept = (role: TensorRole): boolean => role === "parameter" || role === "statistic";

/** A run of ours keeps its bank and the optimizer's state in the same file; they are not the network's. */
function withoutTrainingState(
  given: ReadonlyMap<string, RawTensor>,
  expected: ReadonlyMap<string, unknown>,
  { manifest }: BuiltArtifact,
): Map<string, RawTensor> {
  const others = new Set(manifest.tensors.map(({ name }) => name).filter((name) => !expected.has(name)));
  return new Map([...given].filter(([name]) => !others.has(name)));
}
