/** @file What every kind of search offers, whatever it is kept in. */

import type { Vectors } from "./vectors.js";

/** A vector under a name of its own: a picture's path in its set, or what the user calls it. */
export interface Entries {
  readonly ids: readonly string[];
  /** [ids.length, dim] of unit length */
  readonly vectors: Vectors;
}

export interface Hit {
  readonly id: string;
  /** Cosine, in [-1, 1]. */
  readonly similarity: number;
}

export interface SearchBackend {
  readonly dim: number;
  /** Vectors that can be found. */
  readonly count: number;
  /**
   * Adds the entries; one whose id is there already takes the old one's place.
   * Returns when they would survive a `kill -9`: all of them or none.
   * @throws UsageError for vectors of another length, or an id given twice
   */
  add(entries: Entries): Promise<void>;
  /** Removes what is there of these. @returns how many were; lasting as with add */
  delete(ids: readonly string[]): Promise<number>;
  /** For each query its nearest vectors, most similar first; fewer than k where there are fewer. */
  search(queries: Vectors, k: number): Promise<readonly (readonly Hit[])[]>;
  /** null: no such id. */
  vectorOf(id: string): Promise<Float32Array | null>;
  /** All ids, in the order in which they were added. */
  ids(): Iterable<string>;
  /** All vectors, in the order of the ids, at most so many at once. */
  vectors(rowsAtOnce: number): Iterable<Vectors>;
  close(): Promise<void>;
}
