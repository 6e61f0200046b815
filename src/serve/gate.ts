/** @file Lets a few through at a time. */

import { overloaded } from "./http/httpError.js";

export interface GateOptions {
  /** In messages. */
  readonly name: string;
  readonly atOnce: number;
  readonly mostWaiting: number;
}

/** @returns what runs an action when its turn comes; it throws HttpError 503 when too many wait */
export function createGate({ name, atOnce, mostWaiting }: GateOptions) {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return async <T>(action: () => Promise<T>): Promise<T> => {
    if (inside >= atOnce) {
      if (waiting.length >= mostWaiting) throw overloaded(name);
      await new Promise<void>((resolve) => waiting.push(resolve)); // the one who leaves gives its place
    } else inside++;
    try {
      return await action();
    } finally {
      const next = waiting.shift();
      if (next === undefined) inside--;
      else next();
    }
  };
}
