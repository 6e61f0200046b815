/**
 * @file Vectors as files that other tools read, each with what the vectors are of.
 *
 *   .npy          float32 [n, D]; beside it .npy.json with everything else
 *   .safetensors  vectors float32 [n, D], labels int32 [n] (-1: none) where there are any, ids uint8 [bytes]: UTF-8, a
 *                 zero byte after each; everything else as metadata
 *   .parquet      a row a picture: id, path, label, vector; everything else as key-value metadata
 *
 * Source of the npy format: NumPy, numpy.lib.format, version 1.0.
 */

import path from "node:path";
import { atomicWrite } from "../artifact/node.js";
import { writeSafetensors } from "../artifact/safetensors.js";
import { sha256Of } from "../data/names.js";
import { UsageError } from "../errors.js";
import { fromFloat32, packTensor, type RawTensor } from "../ir/rawTensor.js";
import type { Vectors } from "../search/vectors.js";
import { VERSION } from "../version.js";
import type { EmbeddedPictures } from "./embedPictures.js";
import type { EncoderOutput } from "./encoder.js";
import type { Model } from "./model.js";
import { encodeParquet } from "./parquetVectors.js";

export const VECTOR_FORMATS = ["npy", "parquet", "safetensors"] as const;
export type VectorFormat = (typeof VECTOR_FORMATS)[number];

/** What made the vectors. */
export interface VectorOrigin {
  readonly model: Pick<Model, "sha256" | "preprocessing">;
  readonly output: EncoderOutput;
}

/**
 * The format that a file's name asks for.
 * @throws UsageError when it is none that is known
 */
export function vectorFormat(file: string): VectorFormat {
  const extension = path.extname(file).slice(1).toLowerCase();
  const format = VECTOR_FORMATS.find((known) => known === extension);
  if (format !== undefined) return format;
  throw new UsageError(
    `${file}: ends in ${extension ? `.${extension}` : "no extension"}, expected ` +
      `.${VECTOR_FORMATS.join(", .")}; give it such a name`,
  );
}

/**
 * Writes a file, or for .npy two, each at once and whole.
 * @returns the files written
 * @throws UsageError for a name of no known format; ArtifactError when they cannot be written
 */
export async function writeVectors(
  file: string,
  pictures: EmbeddedPictures,
  origin: VectorOrigin,
): Promise<string[]> {
  const notes = notesOf(pictures, origin);
  switch (vectorFormat(file)) {
    case "npy":
      return writeNpy(file, pictures, notes);
    case "parquet":
      await atomicWrite(file, encodeParquet(pictures, asTexts(notes)));
      return [file];
    case "safetensors": {
      const tensors = new Map([
        ["vectors", tensorOf(pictures.vectors)],
        ["ids", idsTensor(pictures.ids)],
      ]);
      const { labels } = pictures;
      if (labels !== null)
        tensors.set("labels", packTensor({ dtype: "int32", shape: [labels.length], data: labels }, file));
      await atomicWrite(file, writeSafetensors({ tensors, metadata: asTexts(notes) }));
      return [file];
    }
  }
}

type Notes = Readonly<Record<string, unknown>>;

function notesOf({ classNames }: EmbeddedPictures, { model, output }: VectorOrigin): Notes {
  return {
    producer: `onnx-instdisc ${VERSION}`,
    modelSha256: model.sha256,
    output,
    preprocessing: model.preprocessing,
    classNames,
  };
}

/** Texts stay as they are, all else becomes JSON. */
function asTexts(notes: Notes): Record<string, string> {
  const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(notes).map(([key, value]) => [key, text(value)]));
}

async function writeNpy(
  file: string,
  { vectors, ids, files, labels }: EmbeddedPictures,
  notes: Notes,
): Promise<string[]> {
  const bytes = encodeNpy(vectors);
  // The hash tells a description from one that a crash left beside newer vectors.
  const sha256 = sha256Of(bytes);
  const description = { ...notes, npySha256: sha256, ids, paths: files, labels: labels && [...labels] };
  await atomicWrite(file, bytes);
  await atomicWrite(`${file}.json`, new TextEncoder().encode(`${JSON.stringify(description)}\n`));
  return [file, `${file}.json`];
}

const NPY_MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
const NPY_ALIGNMENT = 64;

/** A float32 matrix as NumPy's own file. */
export function encodeNpy({ count, dim, data }: Vectors): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${dim}), }`;
  const before = NPY_MAGIC.length + 2;
  const begin = Math.ceil((before + header.length + 1) / NPY_ALIGNMENT) * NPY_ALIGNMENT;
  const { bytes } = fromFloat32(data, [count, dim]);
  const file = new Uint8Array(begin + bytes.length);
  file.set(NPY_MAGIC);
  new DataView(file.buffer).setUint16(NPY_MAGIC.length, begin - before, true);
  file.set(new TextEncoder().encode(`${header.padEnd(begin - before - 1)}\n`), before);
  file.set(bytes, begin);
  return file;
}

function tensorOf({ count, dim, data }: Vectors): RawTensor {
  return fromFloat32(data, [count, dim]);
}

function idsTensor(ids: readonly string[]): RawTensor {
  const bytes = new TextEncoder().encode(ids.map((id) => `${id}\0`).join(""));
  return { dtype: "uint8", shape: [bytes.length], bytes };
}
