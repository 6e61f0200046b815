/** @file Nearest rows of a collection, by its codes. */

import { UsageError } from "../../errors.js";
import type { Codes } from "../../search/codes.js";
import type { Found } from "./engine.js";

export class CodeSearch {
  readonly #codes: Codes;

  constructor(codes: Codes) {
    this.#codes = codes;
  }

  /** @param query [dim] */
  nearest(query: Float32Array, k: number): Found[] {
    const { dim } = this.#codes;
    if (query.length !== dim) {
      throw new UsageError(
        `search: the query has ${query.length} numbers, expected ${dim}; embed it with this collection's encoder`,
      );
    }
    return largest(this.#scan(query), k);
  }

  /** As `nearest`, for a row, which is not among its own neighbours. */
  nearestTo(row: number, k: number): Found[] {
    const similarities = this.similarities(row);
    similarities[row] = -Infinity;
    return largest(similarities, Math.min(k, similarities.length - 1));
  }

  /** [count] cosines with a row. */
  similarities(row: number): Float32Array {
    return this.#scan(this.vector(row));
  }

  /** [dim] what the codes say of it, of unit length. */
  vector(row: number): Float32Array {
    const { codes, count, dim } = this.#codes;
    if (!Number.isInteger(row) || row < 0 || row >= count) {
      throw new UsageError(`search: found row ${row}, expected 0 to ${count - 1}; give another`);
    }
    const vector = Float32Array.from(codes.subarray(row * dim, (row + 1) * dim));
    const length = Math.hypot(...vector) || 1;
    return vector.map((value) => value / length);
  }

  #scan(query: Float32Array): Float32Array {
    const { codes, scales, count, dim } = this.#codes;
    const similarities = new Float32Array(count);
    for (let row = 0, at = 0; row < count; row++) {
      let sum = 0;
      for (let column = 0; column < dim; column++, at++) sum += query[column]! * codes[at]!;
      similarities[row] = sum * scales[row]!;
    }
    return similarities;
  }
}

/** The `k` largest with their places, falling; the lower row first among equals. */
function largest(similarities: Float32Array, k: number): Found[] {
  const best: Found[] = [];
  similarities.forEach((similarity, row) => {
    if (best.length >= k && !(k > 0 && similarity > best[k - 1]!.similarity)) return;
    let to = best.length;
    while (to > 0 && best[to - 1]!.similarity < similarity) to--;
    best.splice(to, 0, { row, similarity });
    if (best.length > k) best.pop();
  });
  return best;
}
