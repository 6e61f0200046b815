/** @file The pictures whose label tells most, one after the other. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ambiguousRows } from "../engine/ambiguous.js";
import { useShared } from "./shared.js";

/** Pictures kept ready, so that the next is there at once while what the last answer changed is computed. */
const READY = 6;

export interface AskQueue {
  /** null: none is left, or the first is being chosen. */
  readonly row: number | null;
  /** Nothing is left to ask. */
  readonly done: boolean;
  answer(name: string): void;
  skip(): void;
  /** Goes back to the picture before, and takes back what was said of it. */
  back(): void;
}

export function useAskQueue(): AskQueue {
  const { engine, labels, fail } = useShared();
  const { labelling, predictions } = labels;
  const [row, setRow] = useState<number | null>(null);
  const [done, setDone] = useState(false);
  /** Counts up where pictures are to be chosen anew although no label has changed. */
  const [round, setRound] = useState(0);
  const ready = useRef<readonly number[]>([]);
  const skipped = useRef(new Set<number>());
  /** What was done to each picture, the latest last. */
  const past = useRef<{ readonly row: number; readonly labelled: boolean }[]>([]);
  const open = (one: number): boolean => !skipped.current.has(one) && !labelling.examples.has(one);
  const chooseAnew = (): void => setRound((before) => before + 1);
  const advance = (from: number | null): void => {
    setRow(ready.current.find((one) => one !== from && open(one)) ?? null);
  };
  useEffect(() => {
    if (predictions === null) return undefined;
    let wanted = true;
    setDone(false);
    const count = READY + skipped.current.size;
    ambiguousRows(labelling, predictions, count, (one) => engine.similarities(one)).then((rows) => {
      if (!wanted) return;
      ready.current = rows.filter(open);
      setDone(ready.current.length === 0);
      // The picture that is being looked at stays.
      setRow((now) => (now !== null && open(now) ? now : (ready.current[0] ?? null)));
    }, fail);
    return () => {
      wanted = false;
    };
  }, [predictions, round]);
  return {
    row,
    done,
    answer(name) {
      if (row === null || !labels.change((to) => to.label([row], name))) return;
      past.current.push({ row, labelled: true });
      advance(row);
    },
    skip() {
      if (row === null) return;
      skipped.current.add(row);
      past.current.push({ row, labelled: false });
      if (!ready.current.some(open)) chooseAnew();
      advance(row);
    },
    back() {
      const last = past.current.pop();
      if (last === undefined) return;
      if (last.labelled) labels.change((to) => to.label([last.row], null));
      skipped.current.delete(last.row);
      setRow(last.row);
      chooseAnew();
    },
  };
}
