/** @file A bounded queue: what waits is done together, and what comes when it is full is refused at once. */

import { gone, overloaded } from "../http/httpError.js";

export interface BatchQueueOptions<Job, Result> {
  /** In messages. */
  readonly name: string;
  /** Jobs that wait for their turn, at most. */
  readonly mostWaiting: number;
  /** Jobs done together, at most. */
  readonly mostAtOnce: number;
  /** @returns the result of each job, in this order, or what went wrong with it */
  run(jobs: readonly Job[]): Promise<readonly (Result | Error)[]>;
}

interface Waiting<Job, Result> {
  readonly job: Job;
  readonly signal: AbortSignal;
  resolve(result: Result): void;
  reject(error: Error): void;
}

export class BatchQueue<Job, Result> {
  readonly #options: BatchQueueOptions<Job, Result>;
  #waiting: Waiting<Job, Result>[] = [];
  #running = false;

  constructor(options: BatchQueueOptions<Job, Result>) {
    this.#options = options;
  }

  /** Jobs whose turn has not come. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * @param signal aborted: nobody wants the result any more, and the job leaves the queue
   * @throws HttpError 503 when the queue is full, 499 when the signal is aborted before the job is done
   */
  submit(job: Job, signal: AbortSignal): Promise<Result> {
    if (signal.aborted) return Promise.reject(gone(signal.reason));
    if (this.#waiting.length >= this.#options.mostWaiting) {
      return Promise.reject(overloaded(this.#options.name));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(gone(signal.reason));
      };
      const stay = (): void => signal.removeEventListener("abort", leave);
      const waiting: Waiting<Job, Result> = {
        job,
        signal,
        resolve: (result) => (stay(), resolve(result)),
        reject: (error) => (stay(), reject(error)),
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    // What arrives in the same turn of the loop is done together.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#options.mostAtOnce);
      const results = await this.#run(batch.map(({ job }) => job));
      batch.forEach(({ resolve, reject }, at) => {
        const result = results[at] as Result | Error;
        if (result instanceof Error) reject(result);
        else resolve(result);
      });
    }
    this.#running = false;
  }

  async #run(jobs: readonly Job[]): Promise<readonly (Result | Error)[]> {
    try {
      return await this.#options.run(jobs);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      return jobs.map(() => failure);
    }
  }
}
