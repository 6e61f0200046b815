/** @file One thread that makes batches, seen from the thread of its loader. */

import { Worker } from "node:worker_threads";
import { InstdiscError, unpackError } from "../errors.js";
import type { FromWorker, MadeBatch, MakeBatch, ToWorker, WorkerSetup } from "./loaderProtocol.js";

/** What a loader hears of its threads. */
export interface ThreadListener {
  /** A batch, or what went wrong with it. */
  finished(step: number, made: MadeBatch | Error): void;
  /** A thread has ended that was to live on. */
  died(error: Error): void;
}

/** Works for one loader after the other: begin() and leave() by turns, then end(). */
export class LoaderThread {
  readonly #worker = new Worker(new URL("./loaderWorker.js", import.meta.url));
  readonly #exited: Promise<void>;
  /** null: no loader has it. */
  #listener: ThreadListener | null = null;
  #hasLeft: () => void = () => undefined;
  #alive = true;
  #pending = 0;

  constructor() {
    this.#worker.on("message", (message: FromWorker) => this.#hear(message));
    this.#worker.on("error", (error: Error) => this.#die(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        this.#die(
          new InstdiscError(
            `loader: found a worker thread ended with code ${code}, expected it to live until close(); ` +
              `if memory ran out, lower the batch size or the number of workers`,
          ),
        );
        resolve();
      });
    });
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** Batches asked of it that are not there yet. */
  get pending(): number {
    return this.#pending;
  }

  begin(setup: WorkerSetup, listener: ThreadListener): void {
    this.#listener = listener;
    this.#pending = 0;
    this.#post({ kind: "begin", setup });
  }

  /** Its buffer is transferred. */
  make(job: MakeBatch): void {
    this.#pending++;
    this.#post(job, [job.pixelValues.buffer]);
  }

  /** Resolves when it is done with the picture in hand, and keeps nothing of the loader's. */
  async leave(): Promise<void> {
    this.#listener = null;
    const left = new Promise<void>((resolve) => (this.#hasLeft = resolve));
    this.#post({ kind: "leave" });
    await Promise.race([left, this.#exited]);
  }

  /** Not terminate(): a thread torn down while sharp is decoding in it can take the process with it. */
  end(): Promise<void> {
    this.#post({ kind: "stop" });
    return this.#exited;
  }

  #post(message: ToWorker, moved: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, moved);
  }

  #hear(message: FromWorker): void {
    if (message.kind === "left") return this.#hasLeft();
    this.#pending--;
    const made = message.kind === "made" ? message : unpackError(message.error);
    this.#listener?.finished(message.step, made);
  }

  #die(error: Error): void {
    this.#alive = false;
    this.#listener?.died(error);
  }
}
