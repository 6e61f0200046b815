/** @file A thread that answers questions, one at a time: what blocks it does not block the server. */

import { Worker } from "node:worker_threads";
import { InstdiscError, unpackError, type PackedError } from "../../errors.js";

export type FromThread<Answer> =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "failed"; readonly error: PackedError };

/** What a thread is sent to end it. */
export const STOP = "stop";

interface Asked<Answer> {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class Thread<Ask, Answer> {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #asked: Asked<Answer> | null = null;
  #failure: Error | null = null;

  private constructor(worker: Worker, ended: Promise<void>) {
    this.#worker = worker;
    this.#ended = ended;
    worker.on("message", (message: FromThread<Answer>) => this.#hear(message));
  }

  /**
   * Starts a file that calls answerQuestions.
   * @throws what its opening fails with (as a rejection)
   */
  static async start<Ask, Answer>(file: URL, setup: unknown, name: string): Promise<Thread<Ask, Answer>> {
    // The runtime reads this when it loads, and a thread has only a copy of the environment.
    process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
    const worker = new Worker(file, { workerData: setup, name });
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    const thread = new Thread<Ask, Answer>(worker, ended);
    await new Promise<void>((resolve, reject) => {
      thread.#asked = { resolve: () => resolve(), reject };
      worker.on("error", (error) => thread.#fail(error instanceof Error ? error : new Error(String(error))));
      worker.on("exit", (code) =>
        thread.#fail(
          new InstdiscError(
            `${name}: its thread ended with code ${code}, expected it to answer; start the server again`,
          ),
        ),
      );
    });
    return thread;
  }

  /** false: the thread has ended and will answer nothing any more. */
  get isAlive(): boolean {
    return this.#failure === null;
  }

  /** Only one question may be open at a time. */
  ask(question: Ask, moved: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      this.#worker.postMessage(question, moved);
    });
  }

  /** Ends the thread once it has answered. */
  async close(): Promise<void> {
    this.#worker.postMessage(STOP);
    await this.#ended;
  }

  #hear(message: FromThread<Answer>): void {
    const asked = this.#asked;
    this.#asked = null;
    if (message.kind === "failed") asked?.reject(unpackError(message.error));
    else asked?.resolve(message.kind === "answer" ? message.answer : (undefined as Answer));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#asked?.reject(error);
    this.#asked = null;
  }
}
