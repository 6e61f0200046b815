/** @file The check that every format makes before it reads a row. */

import { DataError } from "../errors.js";

/** @throws DataError unless row is a whole number with 0 <= row < size */
export function checkRow(name: string, row: number, size: number): void {
  if (Number.isInteger(row) && row >= 0 && row < size) return;
  throw new DataError(`${name}: found row ${row}, expected 0 to ${size - 1}; ask for a row that exists`);
}
