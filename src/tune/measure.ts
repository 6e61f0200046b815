/** @file Times the candidates of a question in the runtime that training uses. */

import { encodeModel } from "../codec/encode.js";
import { ProviderError } from "../errors.js";
import type { Graph, Value } from "../ir/graph.js";
import { elementCount } from "../ir/shape.js";
import { lower } from "../lower/lower.js";
import type { Target } from "../lower/target.js";
import { openSession } from "../runtime/node.js";
import { floats, int64s, type HostTensor, type Session } from "../runtime/session.js";
import { VERSION } from "../version.js";
import { betweenBlocks } from "./betweenBlocks.js";
import { race, type Clock, type RaceRules } from "./race.js";
import type { Question } from "./questions.js";

export interface Stopwatch {
  readonly rules: RaceRules;
  readonly clock: Clock;
  /** By the clock. */
  readonly deadline: number;
}

/** Numbers that repeat after this many; a prime, so that rows of a tensor differ. */
const PERIOD = 4093;

/**
 * @param threads of the runtime
 * @returns best time by candidate, ms, without those that the runtime refuses
 */
export async function measureQuestion(
  question: Question,
  target: Target,
  threads: number,
  { rules, clock, deadline }: Stopwatch,
): Promise<Map<string, number>> {
  const opened: { readonly name: string; readonly graph: Graph; readonly session: Session }[] = [];
  try {
    for (const name of question.candidates) {
      const graph = loweredQuestion(question, target, name);
      const session = await openOrNull(graph, name, target, threads);
      if (session !== null) opened.push({ name, graph, session });
    }
    const tensors = new Map<string, HostTensor>();
    const contestants = opened.map(({ name, graph, session }) => {
      const feeds = tensorsFor(graph.inputs, tensors);
      const into = tensorsFor(
        graph.outputs.map(({ value }) => value),
        tensors,
      );
      return { name, run: () => session.run(feeds, into) };
    });
    return await race(contestants, rules, clock, deadline);
  } finally {
    for (const { session } of opened) await session.close();
  }
}

/** The question's node, written in the way of one candidate. */
export function loweredQuestion({ key, graph }: Question, target: Target, candidate: string): Graph {
  const timed = target.block === undefined ? graph : betweenBlocks(graph, target.block);
  return lower(timed, target, new Map([[key, candidate]]));
}

/** A candidate that this build of the runtime does not know is no choice here, and no reason to fail. */
async function openOrNull(
  graph: Graph,
  candidate: string,
  { ep }: Target,
  threads: number,
): Promise<Session | null> {
  const model = encodeModel(graph, { producerVersion: VERSION });
  try {
    return await openSession(model, `${graph.name} by ${candidate}`, { ep, threads });
  } catch (error) {
    if (error instanceof ProviderError) return null;
    throw error;
  }
}

/** @param made tensors so far: what two candidates have in common is made once */
function tensorsFor(values: readonly Value[], made: Map<string, HostTensor>): Map<string, HostTensor> {
  return new Map(
    values.map((value) => {
      const key = `${value.name} ${value.dtype} ${value.shape.join()}`;
      const tensor = made.get(key) ?? filledTensor(value);
      made.set(key, tensor);
      return [value.name, tensor];
    }),
  );
}

/** Numbers from -1 to 1, none of them a zero or denormal, which processors treat differently; zeros for rows. */
function filledTensor({ dtype, shape: dims }: Value): HostTensor {
  const shape = dims as readonly number[];
  if (dtype === "int64") return int64s(shape);
  if (dtype === "uint8") return { dtype, shape, data: new Uint8Array(elementCount(shape)) };
  const tensor = floats(shape);
  const { data } = tensor;
  // Multiples of a number prime to the period visit all of it in an order that looks drawn.
  for (let at = 0; at < Math.min(PERIOD, data.length); at++)
    data[at] = (2 * (((at * 1597) % PERIOD) + 0.5)) / PERIOD - 1;
  for (let done = PERIOD; done < data.length; done *= 2) data.copyWithin(done, 0, done);
  return tensor;
}
