/** @file When an answer that is remembered still holds, and what a measurement makes of one. */

import type { TuneMode } from "../artifact/tuneMode.js";
import type { Answer } from "../artifact/tuning.js";
import { fastestOf } from "./race.js";

export type MeasuringMode = Exclude<TuneMode, "off">;

/** Of several ways to compute the same, which is the fastest? */
export interface Ways {
  /** Names. */
  readonly candidates: readonly string[];
  /** The one that is taken unmeasured. */
  readonly suggested: string;
}

/** An answer holds as long as the same ways are open. `full` takes only what `full` measured. */
export function holds(
  answer: Answer | undefined,
  { candidates }: Ways,
  mode: MeasuringMode,
): answer is Answer {
  if (answer === undefined || !candidates.includes(answer.choice)) return false;
  const isSame =
    answer.among.length === candidates.length && candidates.every((name) => answer.among.includes(name));
  return isSame && (mode === "fast" || answer.mode === "full");
}

/** @param ms best times by name; empty: there was no time to measure */
export function answerOf(
  { candidates, suggested }: Ways,
  ms: ReadonlyMap<string, number>,
  mode: MeasuringMode,
): Answer {
  const rounded = [...ms].map(([name, value]) => [name, Number(value.toFixed(4))] as const);
  return {
    choice: fastestOf(ms, suggested),
    among: [...candidates],
    ms: Object.fromEntries(rounded),
    mode: ms.size > 0 ? mode : "off",
  };
}
