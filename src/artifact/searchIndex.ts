/**
 * @file index.json: what an index folder holds. The file is replaced as a whole, and that is when a change has happened:
 * what it does not list is not part of the index. All other files are written once and never change.
 *
 *   index.json                              this
 *   segments/000001.safetensors             codes int8-as-uint8 [n, D] (two's complement), scales float32 [n],
 *                                           ids uint8 [bytes]: UTF-8, a zero byte after each
 *   segments/000001.vectors.safetensors     vectors float32 or float16 [n, D]: what the codes were made of; none where
 *                                           the precision is int8
 *   segments/000001.deleted-000004.safetensors   rows int32: those that are no longer there
 *   segments/000005.hnsw                    graph over the first segments
 *
 * Codes are stored as U8, as in a collection, though safetensors knows I8 too.
 */

import * as z from "zod";
import { count, expectedNames, preprocessing, sha256Digits } from "./numbers.js";
import { checkSchema, parseJson } from "./schema.js";

export const INDEX_FILE = "index.json";
export const INDEX_SEGMENTS = "segments";

/** What the files of segments and graphs are called; whatever else lies there is the user's. */
export const SEGMENT_FILE = /^\d{6,}[\w.-]*\.(safetensors|hnsw)$/;

export const PRECISIONS = ["float32", "float16", "int8"] as const;
/** What is kept of every vector beside its code. */
export type Precision = (typeof PRECISIONS)[number];

const REMEDY = "restore the file, or write the index again with onnx-instdisc index create";
const number = z.string().regex(/^\d{6,}$/, "expected a number of six digits");

const fileSchema = z.strictObject({
  /** In segments/. */
  name: z.string().regex(SEGMENT_FILE, "expected the name of a file of a segment"),
  sha256: sha256Digits,
  sizeBytes: count,
});

const segmentSchema = z.strictObject({
  number,
  /** Deleted ones too. */
  rows: count,
  /** See Codes. */
  error: z.number().min(0),
  codes: fileSchema,
  vectors: fileSchema.nullable(),
  deleted: fileSchema.extend({ rows: count }).nullable(),
});

/** Goes before the ids of a set, so that they differ from those of the others. */
const prefix = z.string();
const path = z.string().min(1);
const part = z.enum(["train", "evaluate", "all"]);

const pictureSetSchema = z.discriminatedUnion(
  "kind",
  [
    /** A path, or the name of a data set, as train takes them; format null: recognized by looking. */
    z.strictObject({ kind: z.literal("data"), path, format: z.string().nullable(), part, prefix }),
    /** The pictures of a run. */
    z.strictObject({ kind: z.literal("run"), path, part, prefix }),
    /** Single files: their ids lead there from this folder. */
    z.strictObject({ kind: z.literal("files"), path, prefix }),
  ],
  expectedNames("data", "run", "files"),
);

const schema = z.strictObject({
  format: z.literal("onnx-instdisc index"),
  formatVersion: z.literal(1),
  /** D */
  dim: count,
  precision: z.enum(PRECISIONS),
  /** What made the vectors; null: nobody said. */
  model: z
    .strictObject({
      path: z.string().min(1),
      /** Of the encoder. */
      sha256: sha256Digits,
      /** As in manifest.json. */
      preprocessing,
    })
    .nullable(),
  /** Where the pictures are; empty: nobody said. */
  pictures: z.array(pictureSetSchema),
  /** In the order in which they were added. */
  segments: z.array(segmentSchema),
  hnsw: fileSchema
    .extend({
      /** It covers so many of the first segments. */
      segments: count,
      /** Vectors in it. */
      rows: count,
    })
    .nullable(),
  /** Of the next file: no number is given twice. */
  next: count,
});

export type PictureSet = z.output<typeof pictureSetSchema>;
export type SearchIndex = z.output<typeof schema>;
export type IndexSegment = z.output<typeof segmentSchema>;
export type IndexedFile = z.output<typeof fileSchema>;

/** @throws ArtifactError listing every fault */
export function parseSearchIndex(json: string, where: string): SearchIndex {
  return checkSchema(schema, parseJson(json, where, REMEDY), where, REMEDY);
}

/** @throws ArtifactError when it does not fit the format */
export function printSearchIndex(index: SearchIndex): string {
  return `${JSON.stringify(checkSchema(schema, index, "index to be written", REMEDY), null, 1)}\n`;
}

/** Every file that the index lists. */
export function filesOfIndex({ segments, hnsw }: SearchIndex): IndexedFile[] {
  const ofSegments = segments.flatMap(({ codes, vectors, deleted }) => [codes, vectors, deleted]);
  return [...ofSegments, hnsw].filter((file) => file !== null);
}

/** "000012": names sort as numbers do. */
export function fileNumber(value: number): string {
  return String(value).padStart(6, "0");
}
