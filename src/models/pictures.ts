/** @file The settings, the pictures and the memory bank of a run: row r of the bank belongs to the r-th picture. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors } from "../artifact/safetensors.js";
import { readArtifact } from "../artifact/node.js";
import { FILES } from "../build/buildArtifact.js";
import { parseConfig } from "../config/file.js";
import type { Settings } from "../config/settings.js";
import { resolveTarget, type DownloadOptions } from "../data/download/resolveDataset.js";
import { kindOfPath } from "../data/files.js";
import { locateData, type LocatedData } from "../data/locate.js";
import { ArtifactError, DataError, UsageError } from "../errors.js";
import { asFloat32 } from "../ir/rawTensor.js";
import { RUN } from "../run/layout.js";
import type { Vectors } from "../search/vectors.js";
import type { Model } from "./model.js";

/**
 * The run that a model is from.
 * @param remedy what to do where it is from none
 * @throws UsageError then
 */
export function runOf({ run, where }: Model, remedy: string): string {
  if (run !== null) return run;
  throw new UsageError(`${where}: is not in a run folder, expected one, which knows its pictures; ${remedy}`);
}

/** What a run was told. @throws ArtifactError (as a rejection) when it cannot be read */
export async function settingsOfRun(run: string): Promise<Settings> {
  const where = join(run, RUN.config);
  const text = await readFile(where, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ArtifactError(
      `${where}: cannot be read (${error.code}), expected the settings of a run; copy it again`,
      { cause: error },
    );
  });
  return parseConfig(text, where);
}

/**
 * The pictures that a run learned from and those it held out.
 * @throws DataError when they are no longer there; ArtifactError when they are others than the bank was learned from
 */
export async function picturesOfRun(run: string, options?: DownloadOptions): Promise<LocatedData> {
  const settings = await settingsOfRun(run);
  const target = settings.data === undefined ? null : await resolveTarget(settings.data, options);
  if (target !== null && (await kindOfPath(target)) === null) {
    throw new DataError(
      `${target}: found nothing that can be read, expected the pictures that ${run} learned from; ` +
        `put them there, or run the command in the folder that has them`,
    );
  }
  return locateData(target, { seed: settings.seed ?? 0, format: settings["data-format"] });
}

/**
 * The memory bank as training left it: [instances, D] of unit length.
 * @throws ArtifactError when the model is not from a run, or has no bank
 */
export async function readBank({ where, artifact, embeddingDim }: Model): Promise<Vectors> {
  const state = artifact === null ? undefined : (await readArtifact(artifact)).files.get(FILES.state);
  const bank = state && readSafetensors(state, join(artifact!, FILES.state)).tensors.get("bank");
  if (bank === undefined) {
    throw new ArtifactError(
      `${where}: has no memory bank, expected a run that train wrote; embed the pictures with onnx-instdisc index`,
    );
  }
  // A copy: the file it is a view of may be let go.
  const data = Float32Array.from(asFloat32(bank, `${where}, bank`));
  return { count: bank.shape[0]!, dim: embeddingDim, data };
}
