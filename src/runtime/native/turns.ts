/** @file Work that must not overlap: a binding serves one run at a time. */

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does the work once all before it is done, well or not. */
  take<T>(work: () => T | Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
