/** @file What the engine offers to the page. */

import type { Collection } from "../../artifact/collection.js";

export type WebRuntime = "webgpu" | "wasm";

/** A collection in memory, as a page has it that learned it: blobs by their paths, see src/artifact/collection.ts. */
export type MemoryCollection = ReadonlyMap<string, Blob>;

/** One row of the collection and its cosine, in [-1, 1]. */
export interface Found {
  readonly row: number;
  readonly similarity: number;
}

export interface Engine {
  /** Where a file of the collection is, such as a sheet of thumbnails. @param path see src/artifact/collection.ts */
  urlOf(path: string): string;
  readonly collection: Collection;
  /** [pictures] names, as the user knows them. */
  readonly ids: readonly string[];
  /** [pictures] into collection.classNames, -1: none; null: nothing has a label. */
  readonly labels: Int32Array | null;
  /** [pictures, 2] in [-1, 1]; null: there is none. */
  readonly map: Float32Array | null;
  readonly runtime: WebRuntime;
  /** Why it is not the faster one, for a person; null: it is what was asked for. */
  readonly runtimeNote: string | null;
  /**
   * @returns [D] of unit length
   * @throws DataError unless the bytes are a picture that the browser can read
   */
  embed(picture: Blob): Promise<Float32Array>;
  /** The `k` rows most similar to `query` [D], most similar first; fewer where there are fewer. */
  search(query: Float32Array, k: number): Promise<readonly Found[]>;
  /** The same for a row of the collection, which is left out itself. */
  searchRow(row: number, k: number): Promise<readonly Found[]>;
  /** [pictures] cosines with this row. */
  similarities(row: number): Promise<Float32Array>;
  /** Ends the worker; what is still being computed is refused. */
  close(): void;
}

/**
 * @param totalBytes null: not known before the end, when the server does not say
 * @param what "collection", "vectors", "encoder" or "runtime"
 */
export type OnProgress = (loadedBytes: number, totalBytes: number | null, what: string) => void;

export interface EngineOptions {
  /** Default "auto": WebGPU where there is a GPU that computes the same, else wasm. Others are an error where they are not. */
  readonly runtime?: "auto" | WebRuntime;
  readonly onProgress?: OnProgress;
}
