/** @file Which candidate each node of some graphs is lowered with on the machine at hand. */

import type { TuneMode } from "../artifact/tuneMode.js";
import type { Answer } from "../artifact/tuning.js";
import type { Graph } from "../ir/graph.js";
import type { Choices, Target } from "../lower/target.js";
import { answerOf, holds, type MeasuringMode } from "./answers.js";
import type { TuningCache } from "./cache.js";
import type { MachineTarget } from "./machine.js";
import { measureQuestion, type Stopwatch } from "./measure.js";
import { questionsOf, type Question } from "./questions.js";
import type { Clock, RaceRules } from "./race.js";

/** What `fast` spends on questions that nobody asked before, and `full` on being careful, ms. */
export const BUDGET_MS: Readonly<Record<MeasuringMode, number>> = { fast: 3000, full: 40_000 };

/** `full` asks every question, but the last ones, which matter least, as briefly as `fast` where time runs short. */
const BRIEF: RaceRules = { leastRounds: 3, mostRounds: 10, enoughMs: 60 };
const CAREFUL: RaceRules = { leastRounds: 5, mostRounds: 30, enoughMs: 400 };

const NO_TIMES: ReadonlyMap<string, number> = new Map();

export interface TuneOptions {
  readonly mode: TuneMode;
  readonly cache: TuningCache;
  /** Of questions that are measured. */
  readonly progress: (done: number, total: number) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Best times by candidate, ms; default: measured. */
  readonly measure?: (
    question: Question,
    target: Target,
    threads: number,
    stopwatch: Stopwatch,
  ) => Promise<ReadonlyMap<string, number>>;
}

export interface Tuned {
  /** For every question of the graphs; none if the mode is "off". */
  readonly choices: Choices;
  /** Questions that were measured now, and those that there was no time for. */
  readonly measured: number;
  readonly left: number;
}

/**
 * Chooses for every question of the graphs. It is remembered, so that the same graphs get the same choices from then on;
 * also where `fast` had no time to measure, until `full` does.
 * @param graphs not lowered
 * @throws what `progress` throws; what was measured until then is remembered
 */
export async function tuneGraphs(
  graphs: Iterable<Graph>,
  { machine, target }: MachineTarget,
  options: TuneOptions,
): Promise<Tuned> {
  const { mode, cache } = options;
  if (mode === "off") return { choices: new Map(), measured: 0, left: 0 };
  const known = await cache.answers();
  const questions = questionsOf(graphs, target);
  const open = questions.filter((question) => !holds(known.get(question.key), question, mode));
  const found = new Map<string, Answer>();
  try {
    await ask(open, { machine, target }, mode, options, (key, answer) => found.set(key, answer));
  } finally {
    await cache.remember(found);
  }
  const left = [...found.values()].filter((answer) => answer.mode === "off").length;
  return {
    choices: new Map(questions.map(({ key }) => [key, (found.get(key) ?? known.get(key)!).choice])),
    measured: found.size - left,
    left,
  };
}

async function ask(
  questions: readonly Question[],
  { machine, target }: MachineTarget,
  mode: MeasuringMode,
  { progress, clock = () => performance.now(), measure = measureQuestion }: TuneOptions,
  answered: (key: string, answer: Answer) => void,
): Promise<void> {
  const end = clock() + BUDGET_MS[mode];
  const deadline = mode === "fast" ? end : Infinity;
  for (const [at, question] of questions.entries()) {
    progress(at, questions.length);
    const isTime = clock() < end;
    const stopwatch = { rules: mode === "full" && isTime ? CAREFUL : BRIEF, clock, deadline };
    const isAsked = isTime || mode === "full";
    const ms = isAsked ? await measure(question, target, machine.threads, stopwatch) : NO_TIMES;
    answered(question.key, answerOf(question, ms, mode));
  }
}
