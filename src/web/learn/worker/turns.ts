/** @file Work that must not overlap: a question that comes during a step is answered after it. */

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Begins when everything that came before has ended. */
  take<T>(work: () => Promise<T> | T): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Lets messages in that have come meanwhile; a timer would wait for milliseconds each time. */
export function letMessagesIn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
