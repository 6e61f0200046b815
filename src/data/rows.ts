/** @file What every format does alike: checks rows, answers with labels, keeps decoded pictures. */

import { DataError } from "../errors.js";
import type { Dataset, Picture, SourceBase } from "./dataset.js";
import { cachePictures } from "./pictureCache.js";

/** @throws DataError unless row is a whole number with 0 <= row < size */
export function checkRow(name: string, row: number, size: number): void {
  if (Number.isInteger(row) && row >= 0 && row < size) return;
  throw new DataError(`${name}: found row ${row}, expected 0 to ${size - 1}; ask for a row that exists`);
}

/** The parts in which formats differ; rows are checked before they are asked for. */
export interface RowReader {
  readonly labels: Int32Array | null; // [rowCount]
  id(row: number): string;
  read(row: number): Promise<Picture>;
}

/** @param cacheBytes of decoded pixels to keep in memory */
export function datasetOf(source: SourceBase, rows: RowReader, cacheBytes: number): Dataset {
  const { name, rowCount, classNames } = source;
  const picture = cachePictures((row) => rows.read(row), cacheBytes);
  return {
    name,
    size: rowCount,
    classNames,
    label(row) {
      checkRow(name, row, rowCount);
      return rows.labels?.[row] ?? null;
    },
    id(row) {
      checkRow(name, row, rowCount);
      return rows.id(row);
    },
    async picture(row) {
      checkRow(name, row, rowCount);
      return picture(row);
    },
  };
}
