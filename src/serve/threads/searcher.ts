/** @file Search in a thread of its own: over a million vectors it takes long enough to be noticed elsewhere. */

import type { Hit } from "../../search/backend.js";
import { BatchQueue } from "./batchQueue.js";
import { Thread } from "./thread.js";

/** What the thread starts with. */
export interface SearcherSetup {
  /** For openIndex. */
  readonly path: string;
}

export type Query =
  | { readonly kind: "vector"; readonly vector: Float32Array; readonly k: number }
  /** The others that are nearest to one that is there. */
  | { readonly kind: "id"; readonly id: string; readonly k: number };

/** Most similar first; null: no such id. */
export type Found = readonly Hit[] | null;

const MOST_AT_ONCE = 64;

export interface Searcher {
  /** Queries whose turn has not come. */
  readonly waiting: number;
  readonly isAlive: boolean;
  /** @throws HttpError 503 when too many wait, 499 when the signal is aborted */
  search(query: Query, signal: AbortSignal): Promise<Found>;
  close(): Promise<void>;
}

/** @throws ArtifactError when there is no index */
export async function startSearcher(setup: SearcherSetup, mostWaiting: number): Promise<Searcher> {
  const file = new URL("./searchThread.js", import.meta.url);
  const thread = await Thread.start<readonly Query[], readonly Found[]>(file, setup, "search");
  // null is a result of its own, and no error.
  const run = (queries: readonly Query[]): Promise<readonly Found[]> => thread.ask(queries);
  const queue = new BatchQueue<Query, Found>({ name: "search", mostWaiting, mostAtOnce: MOST_AT_ONCE, run });
  return {
    get waiting() {
      return queue.waiting;
    },
    get isAlive() {
      return thread.isAlive;
    },
    search: (query, signal) => queue.submit(query, signal),
    close: () => thread.close(),
  };
}
