/** @file Opens what the user names as a model: a run, an artifact, or an exported encoder in Hugging Face's layout. */

import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Manifest } from "../artifact/manifest.js";
import { MANIFEST_FILE, readArtifact } from "../artifact/node.js";
import { FILES } from "../build/buildArtifact.js";
import { sha256Of } from "../data/names.js";
import { ArtifactError } from "../errors.js";
import { RUN } from "../run/layout.js";
import { HUB, readHubFolder } from "./hubFolder.js";

export interface Model {
  /** As the user named it. */
  readonly where: string;
  /** Bytes of the ONNX model: pixel_values [batch, 3, H, W] → image_embeds [batch, D]. */
  readonly encoder: Uint8Array;
  /** Of these bytes, in hexadecimal: two models are the same if this is. */
  readonly sha256: string;
  readonly preprocessing: Manifest["preprocessing"];
  /** D */
  readonly embeddingDim: number;
  /** τ of training, which the kNN vote uses too. */
  readonly temperature: number;
  /** The artifact folder that it is from; null: exported, without one. */
  readonly artifact: string | null;
  readonly manifest: Manifest | null;
  /** The run folder that it is from; null: none. */
  readonly run: string | null;
}

/**
 * @param path a run folder, an artifact folder, an exported folder, or encoder.onnx / model.onnx in one of these
 * @throws ArtifactError when it is none of these, or damaged
 */
export async function readModel(path: string): Promise<Model> {
  const folder = await folderOf(path);
  const exported = join(folder, RUN.exported);
  if (existsSync(join(exported, MANIFEST_FILE))) return fromArtifact(path, exported, folder);
  if (existsSync(join(folder, MANIFEST_FILE))) {
    const run = existsSync(join(folder, "..", RUN.config)) ? dirname(folder) : null;
    return fromArtifact(path, folder, run);
  }
  if (existsSync(join(folder, HUB.preprocessor))) return { ...(await readHubFolder(folder)), where: path };
  throw new ArtifactError(
    `${path}: holds no model, expected a run folder, an artifact folder (${MANIFEST_FILE}) or an exported one ` +
      `(${HUB.preprocessor}); give the folder that train, build-graph or export wrote`,
  );
}

async function fromArtifact(where: string, artifact: string, run: string | null): Promise<Model> {
  const { manifest, files } = await readArtifact(artifact);
  const encoder = files.get(FILES.encoder);
  if (encoder === undefined) {
    throw new ArtifactError(
      `${artifact}: has no ${FILES.encoder}, expected the encoder; copy the folder again`,
    );
  }
  const { preprocessing, recipe } = manifest;
  const { embeddingDim, objective } = recipe;
  const temperature = "temperature" in objective ? objective.temperature : 1;
  const sha256 = sha256Of(encoder);
  return { where, encoder, sha256, preprocessing, embeddingDim, temperature, artifact, manifest, run };
}

/** The folder itself, or the one that a model file lies in: for `onnx/model.onnx` the one above. */
async function folderOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) {
    throw new ArtifactError(
      `${path}: is not there, expected a run, an artifact or an exported folder; correct the path`,
    );
  }
  if (found.isDirectory()) return path;
  const folder = dirname(path);
  return existsSync(join(folder, "..", HUB.preprocessor)) ? dirname(folder) : folder;
}
