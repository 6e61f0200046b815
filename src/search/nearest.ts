/** @file The nearest rows to a query by dot products with all of them: no preparation, exact, for small sets. */

import type { Vectors } from "./vectors.js";

/** A row and how similar it is. */
export interface Near {
  readonly row: number;
  /** Cosine, in [-1, 1]. */
  readonly similarity: number;
}

/** Most similar first; of equals, the lower row. */
export function compareNear(a: Near, b: Near): number {
  return b.similarity - a.similarity || a.row - b.row;
}

/** @returns for each query at most k rows, most similar first */
export function nearestRows(queries: Vectors, { count, dim, data }: Vectors, k: number): Near[][] {
  const found: Near[][] = [];
  for (let query = 0; query < queries.count; query++) {
    const vector = queries.data.subarray(query * dim, (query + 1) * dim);
    const best = new Nearest(k);
    for (let row = 0; row < count; row++) best.offer(row, dot(vector, data, row * dim));
    found.push(best.sorted());
  }
  return found;
}

/** Sum of products of `vector` and the numbers from `start` on. */
export function dot(vector: Float32Array, data: Float32Array, start: number): number {
  let sum = 0;
  for (let at = 0; at < vector.length; at++) sum += vector[at]! * data[start + at]!;
  return sum;
}

/** Keeps the k best of what it is offered: a heap with the worst on top. */
export class Nearest {
  readonly #k: number;
  readonly #heap: Near[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  offer(row: number, similarity: number): void {
    const heap = this.#heap;
    if (heap.length === this.#k) {
      if (similarity < heap[0]!.similarity || compareNear({ row, similarity }, heap[0]!) > 0) return;
      heap[0] = { row, similarity };
      this.#sink();
    } else {
      heap.push({ row, similarity });
      this.#rise();
    }
  }

  /** Most similar first. */
  sorted(): Near[] {
    return [...this.#heap].sort(compareNear);
  }

  #rise(): void {
    const heap = this.#heap;
    for (let at = heap.length - 1; at > 0;) {
      const above = (at - 1) >> 1;
      if (compareNear(heap[above]!, heap[at]!) >= 0) return;
      [heap[above], heap[at]] = [heap[at]!, heap[above]!];
      at = above;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let worst = at;
      for (const child of [left, right])
        if (child < heap.length && compareNear(heap[child]!, heap[worst]!) > 0) worst = child;
      if (worst === at) return;
      [heap[worst], heap[at]] = [heap[at]!, heap[worst]!];
      at = worst;
    }
  }
}
