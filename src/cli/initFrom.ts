/** @file The options that start a network from given weights, shared by build-graph and train. */

import { readFile } from "node:fs/promises";
import type { Options } from "yargs";
import { readSafetensors } from "../artifact/safetensors.js";
import type { BuiltArtifact } from "../build/buildArtifact.js";
import { initializeFrom } from "../build/initializeFrom.js";
import { ArtifactError, UsageError } from "../errors.js";
import type { RawTensor } from "../ir/rawTensor.js";
import type { Io } from "./io.js";

const WEIGHTS = "What it starts from:";

export const INIT_OPTIONS = {
  "init-from": {
    type: "string",
    requiresArg: true,
    group: WEIGHTS,
    describe: "safetensors file of weights under torchvision's names, instead of random ones",
  },
  "init-partial": {
    type: "boolean",
    default: false,
    group: WEIGHTS,
    describe: "load what fits of --init-from and report the rest",
  },
} as const satisfies Readonly<Record<string, Options>>;

export interface InitArguments {
  readonly initFrom?: string | undefined;
  readonly initPartial: boolean;
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
export async function readInitialWeights({
  initFrom,
  initPartial,
}: InitArguments): Promise<GivenWeights | null> {
  if (initFrom === undefined) {
    if (!initPartial) return null;
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
  { initFrom, initPartial }: InitArguments,
  io: Io,
): BuiltArtifact {
  if (weights === null) return artifact;
  const options = { where: `--init-from ${initFrom}`, partial: initPartial };
  const { artifact: initialized, report } = initializeFrom(artifact, weights, options);
  io.stderr.write(`${report}\n`);
  return initialized;
}
