/** @file Pairs of pictures that may be duplicates, by the vectors of a model. */

import { cpuProvider } from "../evaluate/provider.js";
import { searchNearest } from "../evaluate/search.js";
import { takeRows } from "../search/vectors.js";
import type { Propose } from "./duplicates.js";
import type { EmbeddedPictures } from "./embedPictures.js";
import type { OpenedIndex } from "./openIndex.js";
import type { NamedPictures } from "./namedPictures.js";

/** Ids searched for at once. */
const BATCH = 1024;

/** By comparing all vectors with all: for tens of thousands. */
export function proposeByVectors(
  pictures: NamedPictures,
  { ids, vectors }: EmbeddedPictures,
  threads?: number,
): Propose {
  const rowOf = rowsOf(pictures);
  const embedded = ids.map((id) => rowOf.get(id)!);
  const placeOf = new Map(embedded.map((row, place) => [row, place]));
  return async (rows, k, progress) => {
    const places = Array.from(rows, (row) => placeOf.get(row) ?? 0);
    const most = Math.min(k, vectors.count);
    const found = await searchNearest(
      takeRows(vectors, places),
      vectors,
      most,
      cpuProvider(threads),
      progress,
    );
    return places.map((_, at) =>
      Array.from(found.rows.subarray(at * most, (at + 1) * most), (place) => embedded[Number(place)]!),
    );
  };
}

/** Through an index, however large: what it does not hold has no proposals. */
export function proposeByIndex(pictures: NamedPictures, { backend }: OpenedIndex): Propose {
  const rowOf = rowsOf(pictures);
  return async (rows, k, progress) => {
    const proposed: number[][] = [];
    for (let first = 0; first < rows.length; first += BATCH) {
      const batch = [...rows.subarray(first, first + BATCH)];
      const vectors = await Promise.all(batch.map((row) => backend.vectorOf(pictures.id(row))));
      const known = vectors.filter((vector) => vector !== null);
      const data = new Float32Array(known.length * backend.dim);
      known.forEach((vector, at) => data.set(vector, at * backend.dim));
      const hits = await backend.search({ count: known.length, dim: backend.dim, data }, k);
      let next = 0;
      for (const vector of vectors)
        proposed.push(vector === null ? [] : hits[next++]!.flatMap(({ id }) => rowOf.get(id) ?? []));
      progress?.(proposed.length, rows.length);
    }
    return proposed;
  };
}

function rowsOf(pictures: NamedPictures): Map<string, number> {
  return new Map(Array.from({ length: pictures.size }, (_, row) => [pictures.id(row), row]));
}
