/** @file Starts a network from given weights, for build-graph and train. */

import { readFile } from "node:fs/promises";
import { readSafetensors } from "../artifact/safetensors.js";
import type { BuiltArtifact } from "../build/buildArtifact.js";
import { initializeFrom } from "../build/initializeFrom.js";
import { ArtifactError, UsageError } from "../errors.js";
import type { RawTensor } from "../ir/rawTensor.js";
import type { Io } from "./io.js";

export interface InitSettings {
  readonly "init-from"?: string | undefined;
  readonly "init-partial"?: boolean | undefined;
}

export type GivenWeights = ReadonlyMap<string, RawTensor>;

/** What torch.save writes: a zip archive, or a pickle in the days before. */
const PYTORCH_STARTS = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x80, 0x02],
] as const;

/**
 * Tensors of --init-from, or null without it.
 * @throws UsageError when the file cannot be read; ArtifactError when it is not a safetensors file
 */
export async function readInitialWeights(settings: InitSettings): Promise<GivenWeights | null> {
  const initFrom = settings["init-from"];
  if (initFrom === undefined) {
    if (settings["init-partial"] !== true) return null;
    throw new UsageError(
      "--init-partial: given without --init-from, expected both; name the file of weights",
    );
  }
  const bytes = await readFile(initFrom).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `--init-from ${initFrom}: cannot be read (${error.code}), expected a safetensors file; correct the path`,
      { cause: error },
    );
  });
  if (PYTORCH_STARTS.some((start) => start.every((byte, at) => bytes[at] === byte))) {
    throw new ArtifactError(
      `--init-from ${initFrom}: is a PyTorch checkpoint, expected a safetensors file; convert it in Python: ` +
        'safetensors.torch.save_file(torch.load(path, map_location="cpu"), "weights.safetensors"), where the checkpoint ' +
        "is a state dict",
    );
  }
  return readSafetensors(bytes, `--init-from ${initFrom}`).tensors;
}

/**
 * The artifact with these weights; a report goes to stderr.
 * @throws ArtifactError when they do not fit
 */
export function withInitialWeights(
  artifact: BuiltArtifact,
  weights: GivenWeights | null,
  settings: InitSettings,
  io: Io,
): BuiltArtifact {
  if (weights === null) return artifact;
  const options = {
    where: `--init-from ${settings["init-from"]}`,
    partial: settings["init-partial"] === true,
  };
  const { artifact: initialized, report } = initializeFrom(artifact, weights, options);
  io.stderr.write(`${report}\n`);
  return initialized;
}
