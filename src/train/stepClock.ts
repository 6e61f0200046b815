/** @file How fast steps go, and how long they wait for pictures. */

import type { TimingRecord } from "../run/records.js";

/** Steps that the shown rate is averaged over, and from one timing to the next. */
export const RATE_STEPS = 20;

export class StepClock {
  readonly #batchSize: number;
  readonly #started: number;
  #times: number[] = [performance.now()];
  #waitedMs = 0;
  #since = performance.now();
  #steps = 0;

  /**
   * @param batchSize pictures of a step
   * @param started when the run began, on the clock of performance.now()
   */
  constructor(batchSize: number, started: number) {
    this.#batchSize = batchSize;
    this.#started = started;
  }

  /** Waits for pictures, and counts the time. */
  async waitFor<T>(pictures: Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await pictures;
    this.#waitedMs += performance.now() - began;
    return result;
  }

  /** After each step. @returns pictures per second over the last steps */
  tick(): number {
    this.#steps++;
    this.#times = [...this.#times, performance.now()].slice(-RATE_STEPS - 1);
    const elapsed = (this.#times.at(-1)! - this.#times[0]!) / 1000;
    return elapsed > 0 ? (this.#batchSize * (this.#times.length - 1)) / elapsed : 0;
  }

  /** Of the steps since the last timing, or restart. */
  timing(step: number): TimingRecord {
    const now = performance.now();
    const elapsedMs = Math.max(now - this.#since, Number.EPSILON);
    const record = {
      step,
      seconds: (now - this.#started) / 1000,
      picturesPerSecond: (1000 * this.#batchSize * this.#steps) / elapsedMs,
      waiting: Math.min(1, this.#waitedMs / elapsedMs),
    };
    [this.#since, this.#waitedMs, this.#steps] = [now, 0, 0];
    return record;
  }

  /** Time spent on other things than steps does not count. */
  restart(): void {
    const now = performance.now();
    this.#times = [now];
    [this.#since, this.#waitedMs, this.#steps] = [now, 0, 0];
  }
}
