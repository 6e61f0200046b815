/** @file Pictures of the small run as files that a client would send, with their vectors. */

import { decodePicture } from "../../src/data/decode.js";
import { encodeSmaller } from "../../src/data/encode.js";
import { openEncoder } from "../../src/models/encoder.js";
import { readSource, type CollectionSource } from "../../src/serve/collection/source.js";
import { cosine } from "../support/modelFile.js";

export interface Upload {
  readonly id: string;
  readonly bytes: Buffer<ArrayBuffer>;
  /** [D] by the encoder alone. */
  readonly vector: Float32Array;
}

export interface Uploads {
  readonly source: CollectionSource;
  readonly uploads: readonly Upload[];
}

/** The first pictures of a run as JPEG. */
export async function uploadsOf(run: string, count: number): Promise<Uploads> {
  const source = await readSource(run);
  const encoder = await openEncoder(source.model);
  try {
    const uploads: Upload[] = [];
    for (const id of source.ids.slice(0, count)) {
      const bytes = Buffer.from(await encodeSmaller(await source.picture(id), 512));
      const { data } = await encoder.embed([await decodePicture(bytes, id)]);
      uploads.push({ id, bytes, vector: data });
    }
    return { source, uploads };
  } finally {
    await encoder.close();
  }
}

/** Rows of the source nearest to a vector, by dot products one after another. */
export function nearestIds({ ids, vectors }: CollectionSource, query: ArrayLike<number>, k: number) {
  const all = ids.map((id, row) => {
    const vector = vectors.data.subarray(row * vectors.dim, (row + 1) * vectors.dim);
    return { id, similarity: cosine(query, vector) };
  });
  return all.sort((a, b) => b.similarity - a.similarity).slice(0, k);
}

export const JPEG = { method: "POST", headers: { "Content-Type": "image/jpeg" } } as const;
