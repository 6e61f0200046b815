/**
 * @file What the page computes with: a collection and its encoder, opened in a worker so that the page never waits.
 */

import { ArtifactError, unpackError } from "../../errors.js";
import { blobOf } from "./collectionReader.js";
import type { Engine, EngineOptions, MemoryCollection } from "./engineTypes.js";
import type { Answer, FromEngineWorker, Opened, Question } from "./protocol.js";

export type * from "./engineTypes.js";

/**
 * @param base the folder with collection.json, ending in a slash; or what would be in it
 * @throws ArtifactError when it is missing or damaged; ProviderError when the encoder cannot run
 */
export async function openEngine(base: URL | MemoryCollection, options: EngineOptions = {}): Promise<Engine> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "engine" });
  const calls = new Calls(worker, options.onProgress);
  try {
    const opened = await calls.ask({
      kind: "open",
      base: base instanceof URL ? base.href : base,
      runtime: options.runtime ?? "auto",
      assets: new URL("./ort/", import.meta.url).href,
    });
    return engineOf(opened, base instanceof URL ? new FolderUrls(base) : new BlobUrls(base), calls);
  } catch (error) {
    calls.close();
    throw error;
  }
}

function engineOf(opened: Opened, urls: Urls, calls: Calls): Engine {
  return {
    ...opened,
    urlOf: (path) => urls.of(path),
    embed: (picture) => calls.ask({ kind: "embed", picture }),
    search: (query, k) => calls.ask({ kind: "search", query, k }),
    searchRow: (row, k) => calls.ask({ kind: "searchRow", row, k }),
    similarities: (row) => calls.ask({ kind: "similarities", row }),
    close() {
      calls.close();
      urls.close();
    },
  };
}

interface Urls {
  of(path: string): string;
  close(): void;
}

class FolderUrls implements Urls {
  readonly #base: URL;

  constructor(base: URL) {
    this.#base = base;
  }

  of(path: string): string {
    return new URL(path, this.#base).href;
  }

  close(): void {
    // Addresses of a server outlive the engine.
  }
}

/** An address keeps its blob in memory until it is taken back. */
class BlobUrls implements Urls {
  readonly #files: MemoryCollection;
  readonly #urls = new Map<string, string>();

  constructor(files: MemoryCollection) {
    this.#files = files;
  }

  /** @throws ArtifactError when there is no such file */
  of(path: string): string {
    const known = this.#urls.get(path);
    if (known !== undefined) return known;
    const url = URL.createObjectURL(blobOf(this.#files, path));
    this.#urls.set(path, url);
    return url;
  }

  close(): void {
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Questions to the worker, each with the promise of its answer. */
class Calls {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  /** Why nothing is answered any more. */
  #failure: ArtifactError | null = null;

  constructor(worker: Worker, onProgress: EngineOptions["onProgress"]) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<FromEngineWorker>) => {
      if (data.kind === "progress") onProgress?.(data.loadedBytes, data.totalBytes, data.what);
      else if (data.kind === "failed") this.#take(data.call)?.reject(unpackError(data.error));
      else this.#take(data.call)?.resolve(data.value);
    });
    worker.addEventListener("error", ({ message }) => {
      this.#refuse(
        `engine: its worker stopped (${message || "its script does not load"}), expected an answer; load the page again`,
      );
    });
  }

  ask<Q extends Question>(question: Q): Promise<Answer<Q>> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const call = this.#asked++;
    return new Promise<Answer<Q>>((resolve, reject) => {
      this.#waiting.set(call, { resolve: resolve, reject });
      this.#worker.postMessage({ call, question });
    });
  }

  close(): void {
    this.#worker.terminate();
    this.#refuse("engine: was closed, expected to stay open until it has answered; open it again");
  }

  #take(call: number): Waiting | undefined {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    return waiting;
  }

  #refuse(message: string): void {
    const failure = (this.#failure ??= new ArtifactError(message));
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
  }
}
