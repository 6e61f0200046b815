/**
 * @file Exported encoders in Hugging Face's layout. Only standard keys are read, so that an encoder from elsewhere
 * works too, as long as its files say how a picture becomes its input.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { count, perChannel } from "../artifact/numbers.js";
import { checkSchema, parseJson } from "../artifact/schema.js";
import { sha256Of } from "../data/names.js";
import { ArtifactError } from "../errors.js";
import type { Model } from "./model.js";

export const HUB = {
  config: "config.json",
  preprocessor: "preprocessor_config.json",
  model: "onnx/model.onnx",
} as const;

const REMEDY = "export the folder again";

/** Other keys are for other readers. */
const configSchema = z.object({
  embedding_size: count,
  /** τ of training. */
  temperature: z.number().gt(0).default(1),
});

const preprocessorSchema = z.object({
  size: z.object({ shortest_edge: count }),
  crop_size: z.object({ width: count, height: count }),
  image_mean: perChannel,
  image_std: perChannel,
});

/** @throws ArtifactError when a file is missing or does not say what is needed */
export async function readHubFolder(folder: string): Promise<Omit<Model, "where">> {
  const read = async <S extends z.ZodType>(name: string, schema: S): Promise<z.output<S>> => {
    const where = join(folder, name);
    const text = Buffer.from(await readBytes(where)).toString();
    return checkSchema(schema, parseJson(text, where, REMEDY), where, REMEDY);
  };
  const config = await read(HUB.config, configSchema);
  const { size, crop_size, image_mean, image_std } = await read(HUB.preprocessor, preprocessorSchema);
  const encoder = await readBytes(join(folder, HUB.model));
  return {
    encoder,
    sha256: sha256Of(encoder),
    preprocessing: {
      imageSize: crop_size.height,
      resize: size.shortest_edge,
      mean: image_mean,
      std: image_std,
    },
    embeddingDim: config.embedding_size,
    temperature: config.temperature,
    artifact: null,
    manifest: null,
    run: null,
  };
}

async function readBytes(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new ArtifactError(
      `${path}: cannot be read (${error.code}), expected a file that export wrote; ${REMEDY}`,
      { cause: error },
    );
  });
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
