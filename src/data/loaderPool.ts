/**
 * @file What loaders share that are opened one after the other, as for the stages of a run: threads, of which one takes
 * a tenth of a second and more to start, and decoded pictures.
 */

import type { DataSource } from "./dataset.js";
import type { WorkerSetup } from "./loaderProtocol.js";
import { LoaderThread, type ThreadListener } from "./loaderThread.js";
import { createPictureStore, type PictureStore } from "./pictureCache.js";

/** Always close it: its threads keep the process alive. */
export class LoaderPool {
  readonly #idle = new Set<LoaderThread>();
  readonly #stores = new Map<DataSource, PictureStore>();

  /**
   * From now on decoded pictures of `source`, this very object, are kept for every loader.
   * @throws UsageError if there is not that much memory
   */
  keepPictures(source: DataSource, budgetBytes: number): void {
    this.#stores.set(source, createPictureStore(source.rowCount, budgetBytes));
  }

  /** null: these pictures are not kept. */
  storeOf(source: DataSource): PictureStore | null {
    return this.#stores.get(source) ?? null;
  }

  /** Threads for one loader, started where none is idle. */
  take(count: number, setup: WorkerSetup, listener: ThreadListener): LoaderThread[] {
    return Array.from({ length: count }, () => {
      const [thread = new LoaderThread()] = this.#idle;
      this.#idle.delete(thread);
      thread.begin(setup, listener);
      return thread;
    });
  }

  /** Resolves when the threads have put down what they were asked for; the next loader may then have them. */
  async giveBack(threads: readonly LoaderThread[]): Promise<void> {
    await Promise.all(threads.map((thread) => thread.leave()));
    for (const thread of threads) if (thread.isAlive) this.#idle.add(thread);
  }

  /** Ends all threads; resolves when none is left. Every loader has given its own back by then. */
  async close(): Promise<void> {
    const threads = [...this.#idle];
    this.#idle.clear();
    await Promise.all(threads.map((thread) => thread.end()));
  }
}
