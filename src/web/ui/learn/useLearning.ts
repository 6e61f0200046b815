/** @file The training of this page: it goes on while the reader looks at other views. */

import { createContext } from "preact";
import { useContext, useEffect, useMemo, useReducer, useRef } from "preact/hooks";
import {
  openLearning,
  type Learning,
  type LearnEvent,
  type LearnSettings,
  type MemoryCollection,
  type PackedRun,
  type PictureFile,
  type StoredRun,
} from "../../learn/learn.js";
import {
  afterAct,
  afterEvent,
  isUnderWay,
  NOTHING_LEARNED,
  type LearnAct,
  type LearnState,
} from "./learnState.js";

export interface Learner {
  readonly state: LearnState;
  start(files: readonly PictureFile[], settings: LearnSettings): void;
  /** The stored run, or the one that ended here. @param epochs in all; null: as many as were asked for */
  goOn(epochs: number | null, runtime: LearnSettings["runtime"]): void;
  pause(): void;
  resume(): void;
  stop(): void;
  /** Back to the choice of pictures; what was learned stays stored. */
  again(): void;
  stored(): Promise<StoredRun | null>;
  forget(): Promise<void>;
  pack(): Promise<PackedRun>;
  collection(): Promise<MemoryCollection>;
}

/** The runtime as it was chosen for this sitting: to learn longer does not change it. */
export type RuntimeWish = LearnSettings["runtime"];

type Change = { readonly act: LearnAct } | { readonly event: LearnEvent };

function reduce(state: LearnState, change: Change): LearnState {
  return "act" in change ? afterAct(state, change.act) : afterEvent(state, change.event);
}

export function useNewLearner(): Learner {
  const [state, change] = useReducer(reduce, NOTHING_LEARNED);
  const learning = useRef<Learning | null>(null);
  useWarning(isUnderWay(state));
  const orders = useMemo(() => {
    // The worker begins with the first order or question: whoever only searches never loads it.
    const worker = (): Learning => (learning.current ??= openLearning((event) => change({ event })));
    const act = (kind: LearnAct["kind"], order: (to: Learning) => void): void => {
      change({ act: { kind } });
      order(worker());
    };
    return {
      start: (files: readonly PictureFile[], settings: LearnSettings) =>
        act("start", (to) => to.start(files, settings)),
      goOn: (epochs: number | null, runtime: RuntimeWish) => act("goOn", (to) => to.goOn(epochs, runtime)),
      pause: () => act("pause", (to) => to.pause()),
      resume: () => worker().resume(),
      stop: () => act("stop", (to) => to.stop()),
      again: () => act("again", (to) => to.leave()),
      stored: () => worker().stored(),
      forget: () => worker().forget(),
      pack: () => worker().pack(),
      collection: () => worker().collection(),
    };
  }, []);
  return { state, ...orders };
}

/** Asks before the page is left while there is something to lose. */
function useWarning(wanted: boolean): void {
  useEffect(() => {
    if (!wanted) return undefined;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [wanted]);
}

export const LearnContext = createContext<Learner | null>(null);

export function useLearner(): Learner {
  return useContext(LearnContext)!;
}
