/** @file What the page knows of a training, from the first file to the end: made of the worker's words alone. */

import type { PackedError } from "../../../errors.js";
import type { LearnEvent, SettledSettings, Strip, Thumbnail } from "../../learn/protocol.js";
import { NO_LOSS, traceOf, withLoss, type LossTrace } from "./lossTrace.js";

export type Phase =
  "choosing" | "preparing" | "learning" | "pausing" | "paused" | "ending" | "finished" | "failed";

type EventOf<K extends LearnEvent["kind"]> = Extract<LearnEvent, { kind: K }>;

/** The neighbours of a few pictures at the end of an epoch. */
export interface Snapshot {
  /** 0: before the first step. */
  readonly epoch: number;
  readonly strips: readonly Strip[];
}

export interface LearnState {
  readonly phase: Phase;
  /** What is being done, where that is not steps. */
  readonly stage: EventOf<"stage"> | null;
  readonly ready: EventOf<"ready"> | null;
  /** The newest. */
  readonly step: EventOf<"step"> | null;
  readonly trace: LossTrace;
  readonly snapshots: readonly Snapshot[];
  /** By row. */
  readonly thumbnails: ReadonlyMap<number, Thumbnail["picture"]>;
  readonly notes: readonly string[];
  readonly outcome: EventOf<"finished"> | null;
  readonly error: PackedError | null;
}

/** What the reader does; the worker's own words tell what came of it. */
export type LearnAct =
  | { readonly kind: "start" }
  | { readonly kind: "goOn" }
  | { readonly kind: "pause" }
  | { readonly kind: "stop" }
  | { readonly kind: "again" };

export const NOTHING_LEARNED: LearnState = {
  phase: "choosing",
  stage: null,
  ready: null,
  step: null,
  trace: NO_LOSS,
  snapshots: [],
  thumbnails: new Map(),
  notes: [],
  outcome: null,
  error: null,
};

/** A training is under way: to leave now loses what came after the last checkpoint. */
export function isUnderWay({ phase }: LearnState): boolean {
  return !["choosing", "finished", "failed"].includes(phase);
}

/** @returns share that is done of the whole run, in [0, 1] */
export function shareDone({ ready, step }: LearnState): number {
  if (ready === null) return 0;
  return (step?.step ?? ready.losses.length) / ready.settings.steps;
}

export function afterAct(state: LearnState, act: LearnAct): LearnState {
  switch (act.kind) {
    case "start":
      return { ...NOTHING_LEARNED, phase: "preparing" };
    case "goOn":
      return { ...state, phase: "preparing", stage: null, outcome: null, error: null };
    case "pause":
      return state.phase === "learning" ? { ...state, phase: "pausing" } : state;
    case "stop":
      return isUnderWay(state) ? { ...state, phase: "ending" } : state;
    case "again":
      return NOTHING_LEARNED;
  }
}

export function afterEvent(state: LearnState, event: LearnEvent): LearnState {
  switch (event.kind) {
    case "stage":
      return { ...state, stage: event };
    case "ready":
      return whenReady(state, event);
    case "step":
      return {
        ...state,
        phase: begun(state.phase),
        stage: null,
        step: event,
        trace: withLoss(state.trace, event.step, event.loss),
      };
    case "epoch":
      return whenEpochEnds(state, event);
    case "paused":
      return { ...state, phase: "paused" };
    case "resumed":
      return { ...state, phase: "learning" };
    case "finished":
      // Broken off before there was a network: nothing came of it.
      return event.steps === 0
        ? NOTHING_LEARNED
        : { ...state, phase: "finished", stage: null, outcome: event };
    case "note":
      return { ...state, notes: [...new Set([...state.notes, event.text])] };
    case "failed":
      return { ...state, phase: "failed", stage: null, error: event.error };
  }
}

/** A step says that the preparations are over; a step that ends after a wish to pause does not take that back. */
function begun(phase: Phase): Phase {
  return phase === "preparing" ? "learning" : phase;
}

/** A run that goes on begins where its checkpoint was made: what was seen after that is done once again. */
function whenReady(state: LearnState, ready: EventOf<"ready">): LearnState {
  const { losses, settings } = ready;
  const done = losses.length;
  return {
    ...state,
    ready,
    step: state.step && state.step.step <= done ? state.step : null,
    trace: traceOf(losses),
    snapshots: state.snapshots.filter(({ epoch }) => epoch * settings.stepsPerEpoch <= done),
  };
}

function whenEpochEnds(state: LearnState, { epoch, strips, thumbnails }: EventOf<"epoch">): LearnState {
  const before = state.snapshots.filter((one) => one.epoch < epoch);
  return {
    ...state,
    snapshots: strips.length === 0 ? before : [...before, { epoch, strips }],
    thumbnails: new Map([
      ...state.thumbnails,
      ...thumbnails.map(({ row, picture }) => [row, picture] as const),
    ]),
  };
}

/** "softmax, width 8, 32 × 32 pixels, 32 pictures a step" */
export function describeSettings({ objective, width, imageSize, batchSize }: SettledSettings): string {
  return `${objective}, width ${width}, ${imageSize} × ${imageSize} pixels, ${batchSize} pictures a step`;
}
