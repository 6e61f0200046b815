/** @file Nearest rows of a collection, by its codes. */

import { UsageError } from "../../errors.js";
import type { Codes } from "../../search/codes.js";
import { Scanner } from "../../search/scan.js";
import { normalizeRows } from "../../search/vectors.js";
import type { Found } from "./engineTypes.js";

export class CodeSearch {
  readonly #codes: Codes;
  readonly #scanner: Scanner;

  constructor(codes: Codes) {
    this.#codes = codes;
    this.#scanner = new Scanner(codes.dim, [codes]);
  }

  /** @param query [dim] @throws UsageError for a query of another length */
  nearest(query: Float32Array, k: number): Found[] {
    const { rows, similarities } = this.#scanner.search(query, k);
    return Array.from(rows, (row, at) => ({ row, similarity: similarities[at]! }));
  }

  /** As `nearest`, for a row, which is not among its own neighbours. @throws UsageError for a row that is not there */
  nearestTo(row: number, k: number): Found[] {
    return this.nearest(this.vector(row), k + 1)
      .filter((found) => found.row !== row)
      .slice(0, k);
  }

  /** [count] cosines with a row. @throws UsageError for a row that is not there */
  similarities(row: number): Float32Array {
    return this.#scanner.similarities(this.vector(row));
  }

  /** [dim] what the codes say of it, of unit length. */
  vector(row: number): Float32Array {
    const { codes, count, dim } = this.#codes;
    if (!Number.isInteger(row) || row < 0 || row >= count) {
      throw new UsageError(`search: found row ${row}, expected 0 to ${count - 1}; give another`);
    }
    const data = Float32Array.from(codes.subarray(row * dim, (row + 1) * dim));
    return normalizeRows({ count: 1, dim, data }).data;
  }
}
