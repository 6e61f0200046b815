/** @file Which candidate each node of some graphs is lowered with on the machine at hand. */

import type { Answer, TuneMode } from "../artifact/tuning.js";
import type { Graph } from "../ir/graph.js";
import type { Choices, Target } from "../lower/target.js";
import type { Answers, TuningCache } from "./cache.js";
import type { MachineTarget } from "./machine.js";
import { measureQuestion, type Stopwatch } from "./measure.js";
import { questionsOf, type Question } from "./questions.js";
import { fastestOf, type Clock, type RaceRules } from "./race.js";

type MeasuringMode = Exclude<TuneMode, "off">;

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

/**
 * A choice for every question of the graphs, by `nodeKey`. It is remembered, so that the same graphs get the same
 * choices from then on; also where `fast` had no time to measure, until `full` does.
 * @param graphs not lowered
 * @returns nothing if the mode is "off"
 */
export async function tuneGraphs(
  graphs: Iterable<Graph>,
  { machine, target }: MachineTarget,
  options: TuneOptions,
): Promise<Choices> {
  const { mode, cache, progress, clock = () => performance.now(), measure = measureQuestion } = options;
  if (mode === "off") return new Map();
  const known = await cache.answers();
  const questions = questionsOf(graphs, target);
  const open = questions.filter((question) => !isAnswered(question, known, mode));
  const end = clock() + BUDGET_MS[mode];
  const deadline = mode === "fast" ? end : Infinity;
  const found = new Map<string, Answer>();
  for (const [at, question] of open.entries()) {
    progress(at, open.length);
    const isTime = clock() < end;
    const stopwatch = { rules: mode === "full" && isTime ? CAREFUL : BRIEF, clock, deadline };
    const isAsked = isTime || mode === "full";
    const ms = isAsked ? await measure(question, target, machine.threads, stopwatch) : NO_TIMES;
    found.set(question.key, answerOf(question, ms, mode));
  }
  await cache.remember(found);
  return new Map(questions.map(({ key }) => [key, (found.get(key) ?? known.get(key)!).choice]));
}

/** An answer holds as long as the same ways are open. `full` takes only what `full` measured. */
function isAnswered({ key, candidates }: Question, known: Answers, mode: MeasuringMode): boolean {
  const answer = known.get(key);
  if (answer === undefined || !candidates.includes(answer.choice)) return false;
  const isSame =
    answer.among.length === candidates.length && candidates.every((name) => answer.among.includes(name));
  return isSame && (mode === "fast" || answer.mode === "full");
}

function answerOf(
  { candidates, suggested }: Question,
  ms: ReadonlyMap<string, number>,
  mode: MeasuringMode,
): Answer {
  const rounded = [...ms].map(([name, value]) => [name, Number(value.toFixed(4))]);
  return {
    choice: fastestOf(ms, suggested),
    among: candidates,
    ms: Object.fromEntries(rounded) as Record<string, number>,
    mode: ms.size > 0 ? mode : "off",
  };
}
