/**
 * @file The browser's own storage: of one run, its pictures and its newest checkpoint, so that a tab that is closed loses
 * little. Nothing of it leaves the browser.
 */

import type { StoredRun } from "../protocol.js";
import type { DiaryText } from "./diary.js";
import type { PictureSet } from "./pictures.js";
import type { SettledRun } from "./settle.js";

/** What a run is, written once. */
export interface StoredSetup {
  readonly settled: SettledRun;
  readonly set: PictureSet;
}

/** How far it is. */
export interface StoredCheckpoint {
  /** As of a checkpoint's file. */
  readonly bytes: Uint8Array;
  readonly diary: DiaryText;
  /** Said in `bytes` too. */
  readonly step: number;
  readonly epochs: number;
  readonly finished: boolean;
}

/** Of another version: as if nothing were stored. */
const VERSION = 2;
const STORE = "run";
const [SETUP, SETTLED, CHECKPOINT] = ["setup", "settled", "checkpoint"];

/** Pages at other paths of the origin keep runs of their own. */
export const KEPT_AS = `onnx-instdisc learning ${new URL("./", import.meta.url).pathname}`;

/** The first failure: a private window, or no room. What is stored is not needed to learn. */
export class Store {
  #database: Promise<IDBDatabase> | null = null;

  /** Replaces what was stored. @param checkpoint null: there is none yet */
  async begin({ settled, set }: StoredSetup, checkpoint: StoredCheckpoint | null): Promise<void> {
    await this.#write((store) => {
      store.clear();
      store.put(set, SETUP);
      store.put(settled, SETTLED);
      if (checkpoint !== null) store.put(checkpoint, CHECKPOINT);
    });
  }

  /** Both or neither. @param settled as a run has it that was told to learn longer */
  async save(settled: SettledRun, checkpoint: StoredCheckpoint): Promise<void> {
    await this.#write((store) => {
      store.put(settled, SETTLED);
      store.put(checkpoint, CHECKPOINT);
    });
  }

  async forget(): Promise<void> {
    await this.#write((store) => store.clear());
  }

  /** null: nothing is stored, or nothing yet that one could go on from. */
  async summary(): Promise<Omit<StoredRun, "elsewhere"> | null> {
    const [settled, checkpoint] = await this.#read<[SettledRun, StoredCheckpoint]>([SETTLED, CHECKPOINT]);
    if (settled === undefined || checkpoint === undefined) return null;
    const { name, settings, pictures } = settled;
    const { step, epochs, finished } = checkpoint;
    return { name, pictures, epochs, step, steps: settings.steps, settings, finished };
  }

  /** null: as above. */
  async load(): Promise<(StoredSetup & { readonly checkpoint: StoredCheckpoint }) | null> {
    const found = await this.#read<[PictureSet, SettledRun, StoredCheckpoint]>([SETUP, SETTLED, CHECKPOINT]);
    const [set, settled, checkpoint] = found;
    if (set === undefined || settled === undefined || checkpoint === undefined) return null;
    return { set, settled, checkpoint };
  }

  async #write(change: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = (await this.#open()).transaction(STORE, "readwrite");
    change(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the browser gave up"));
    });
  }

  async #read<T extends readonly unknown[]>(keys: readonly string[]): Promise<Partial<T>> {
    const store = (await this.#open()).transaction(STORE).objectStore(STORE);
    const values = await Promise.all(keys.map((key) => answerOf(store.get(key))));
    return values as unknown as Partial<T>;
  }

  #open(): Promise<IDBDatabase> {
    const request = (): Promise<IDBDatabase> => {
      const opening = indexedDB.open(KEPT_AS, VERSION);
      opening.onupgradeneeded = () => {
        for (const name of opening.result.objectStoreNames) opening.result.deleteObjectStore(name);
        opening.result.createObjectStore(STORE);
      };
      return answerOf(opening);
    };
    return (this.#database ??= request());
  }
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser gave no reason"));
  });
}
