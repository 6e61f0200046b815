/**
 * @file collection.json: what the web page searches. A folder of plain files, served by us or by any static host:
 *
 *   collection.json       this
 *   encoder.onnx          pixel_values [batch, 3, H, W] → image_embeds [batch, D]
 *   vectors.safetensors   codes int8-as-uint8 [n, D], scales float32 [n], labels int32 [n] (-1: none) where there are
 *                         classes, map float32 [n, 2] in [-1, 1] where there is one, ids uint8 [bytes]: UTF-8, a zero
 *                         byte after each
 *   sprites/0000.jpg …    thumbnails in rows of `columns`, `perSheet` a file, in the order of the rows
 *   pictures/ROW          a larger JPEG of one picture; only where `originals` is true
 */

import * as z from "zod";
import { count, preprocessing } from "./numbers.js";
import { checkSchema, parseJson, type DeepReadonly } from "./schema.js";

export const COLLECTION = {
  description: "collection.json",
  encoder: "encoder.onnx",
  vectors: "vectors.safetensors",
  sprites: "sprites",
  pictures: "pictures",
} as const;

/** "0007.jpg", in the folder of the sprites. */
export function sheetName(sheet: number): string {
  return `${String(sheet).padStart(4, "0")}.jpg`;
}

const REMEDY = "write the folder again with onnx-instdisc serve";

const schema = z.strictObject({
  format: z.literal("onnx-instdisc collection"),
  formatVersion: z.literal(1),
  /** What a person calls it. */
  name: z.string().min(1),
  pictures: count,
  /** Names of the labels; empty: the pictures have none. */
  classNames: z.array(z.string()),
  embeddingDim: count,
  /** As in manifest.json. */
  preprocessing,
  /** Largest distance between a vector and its code, see Codes. */
  error: z.number().min(0),
  /** The vote's, by default. */
  vote: z.strictObject({ k: count, temperature: z.number().gt(0) }),
  sprites: z.strictObject({ tile: count, columns: count, perSheet: count, sheets: count }),
  map: z.boolean(),
  originals: z.boolean(),
});

export type Collection = DeepReadonly<z.output<typeof schema>>;

/** @throws ArtifactError listing every fault */
export function parseCollection(json: string, where: string): Collection {
  return checkSchema(schema, parseJson(json, where, REMEDY), where, REMEDY);
}

/** @throws ArtifactError when it does not fit the format */
export function printCollection(collection: Collection): string {
  return `${JSON.stringify(checkSchema(schema, collection, "collection to be written", REMEDY), null, 2)}\n`;
}
