/** @file What an index is, for people and for scripts. */

import { filesOfIndex } from "../artifact/searchIndex.js";
import { ExactIndex, type ExactIndexOptions } from "../search/folder/exactIndex.js";
import { bytes, counted, table } from "./format.js";
import type { Io } from "./io.js";

/**
 * Opens an index, for as long as `use` takes, to be changed or looked at. A long wait for another writer is told.
 * @param exact default true: the graph is not read, which only searches need, and which may be damaged
 */
export async function withIndex<T>(
  folder: string,
  io: Io,
  use: (index: ExactIndex) => Promise<T>,
  { exact = true }: Pick<ExactIndexOptions, "exact"> = {},
): Promise<T> {
  const onWait = (writer: string) => io.stderr.write(`${folder}: waiting for ${writer}, which is writing\n`);
  const index = await ExactIndex.open(folder, { exact, onWait });
  try {
    return await use(index);
  } finally {
    await index.close();
  }
}

/** @param checked every byte has been read */
export function describeIndex(
  index: ExactIndex,
  checked: boolean,
): { readonly json: object; readonly text: string } {
  const { folder, count } = index;
  const { dim, precision, model, pictures, segments, hnsw } = index.index;
  const sizeBytes = filesOfIndex(index.index).reduce((sum, file) => sum + file.sizeBytes, 0);
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
  const sets = pictures.map(({ kind, path, prefix }) => [
    kind === "files" ? "single files" : kind === "run" ? "pictures of run" : "pictures",
    prefix === "" ? path : `${path}, ids begin with ${prefix}`,
  ]);
  const lines = [
    ["vectors", `${count} of ${dim} numbers, ${precision}`],
    ["size", `${bytes(sizeBytes)} in ${counted(segments.length, "segment")}, ${rows - count} rows deleted`],
    ["graph", hnsw === null ? "none: searches are exact" : `over ${counted(hnsw.rows, "vector")}`],
    ["model", model === null ? "nobody said" : `${model.path}, sha256 ${model.sha256.slice(0, 12)}`],
    ...sets,
  ];
  const graph = hnsw && { rows: hnsw.rows, sizeBytes: hnsw.sizeBytes };
  const json = { folder, vectors: count, deleted: rows - count, dim, precision, sizeBytes, model, pictures };
  return {
    json: { ...json, segments: segments.length, hnsw: graph, checked },
    text: `${folder}: ${checked ? "all files are whole" : "opened without a fault"}\n${table(lines, "left")}`,
  };
}
