/** @file The pictures and the memory bank of a run: row r of the bank belongs to the r-th picture. */

import { join } from "node:path";
import { readSafetensors } from "../artifact/safetensors.js";
import { readArtifact } from "../artifact/node.js";
import { FILES } from "../build/buildArtifact.js";
import { parseConfig } from "../config/file.js";
import { resolveTarget, type DownloadOptions } from "../data/download/resolveDataset.js";
import { locateData, type LocatedData } from "../data/locate.js";
import { ArtifactError } from "../errors.js";
import { asFloat32 } from "../ir/rawTensor.js";
import { RUN } from "../run/layout.js";
import type { Vectors } from "../search/vectors.js";
import { readText, type Model } from "./model.js";

/**
 * The pictures that a run learned from and those it held out.
 * @throws DataError when they are no longer there; ArtifactError when they are others than the bank was learned from
 */
export async function picturesOfRun(run: string, options?: DownloadOptions): Promise<LocatedData> {
  const where = join(run, RUN.config);
  const settings = parseConfig(await readText(where, "the settings of a run"), where);
  const target = settings.data === undefined ? null : await resolveTarget(settings.data, options);
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
