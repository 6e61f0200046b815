/** @file Times the candidates of a question in the runtime that training uses, on the host's arrays or on a device. */

import { encodeModel } from "../codec/encode.js";
import { ProviderError } from "../errors.js";
import type { Graph, Value } from "../ir/graph.js";
import { elementCount } from "../ir/shape.js";
import { lower } from "../lower/lower.js";
import { nameOutputs } from "../lower/passes/nameOutputs.js";
import type { Target } from "../lower/target.js";
import type { AnyTensor, Device, DeviceTensor } from "../runtime/device.js";
import { openSession } from "../runtime/node.js";
import { floats, int64s, type HostTensor } from "../runtime/session.js";
import { VERSION } from "../version.js";
import { betweenBlocks } from "./betweenBlocks.js";
import { fedAsFloat32 } from "./fedAsFloat32.js";
import { race, type Clock, type Contestant, type RaceRules } from "./race.js";
import type { Question } from "./questions.js";

export interface Stopwatch {
  readonly rules: RaceRules;
  readonly clock: Clock;
  /** By the clock. */
  readonly deadline: number;
}

/** Numbers that repeat after this many; a prime, so that rows of a tensor differ. */
const PERIOD = 4093;

type Tensors = ReadonlyMap<string, AnyTensor>;

/** Where candidates run. */
interface Place {
  open(model: Uint8Array, where: string): Promise<PlacedSession>;
  /** The tensor where it is to be fed from. */
  put(tensor: HostTensor): Promise<AnyTensor>;
  /** Gives back what `put` took. */
  clear(): void;
}

interface PlacedSession {
  run(feeds: Tensors, into: Tensors): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param threads of the runtime
 * @returns best time by candidate, ms, without those that the runtime refuses
 */
export function measureQuestion(
  question: Question,
  target: Target,
  threads: number,
  stopwatch: Stopwatch,
): Promise<Map<string, number>> {
  const host: Place = {
    // On the host nothing is put elsewhere: what is fed are the host's own arrays.
    open: (model, where) => openSession(model, where, { ep: target.ep, threads }),
    put: (tensor) => Promise.resolve(tensor),
    clear: () => undefined,
  };
  return measureIn(host, question, target, stopwatch);
}

/** The same on a device, whose tensors stay there between runs: for tuneGraphs. */
export function measureOn(device: Device) {
  return (
    question: Question,
    target: Target,
    _threads: number,
    stopwatch: Stopwatch,
  ): Promise<Map<string, number>> => measureIn(onDevice(device), question, target, stopwatch);
}

function onDevice(device: Device): Place {
  const put: DeviceTensor[] = [];
  return {
    open: (model, where) => device.openSession(model, where),
    async put(tensor) {
      const there = await device.allocate(tensor.dtype, tensor.shape);
      put.push(there);
      await device.upload(tensor, there);
      return there;
    },
    clear: () => put.splice(0).forEach((tensor) => device.release(tensor)),
  };
}

async function measureIn(
  place: Place,
  question: Question,
  target: Target,
  { rules, clock, deadline }: Stopwatch,
): Promise<Map<string, number>> {
  const opened: { readonly name: string; readonly graph: Graph; readonly session: PlacedSession }[] = [];
  try {
    for (const name of question.candidates) {
      const graph = nameOutputs(fedAsFloat32(loweredQuestion(question, target, name)));
      const session = await openOrNull(graph, name, place);
      if (session !== null) opened.push({ name, graph, session });
    }
    const tensors = new Map<string, AnyTensor>();
    const contestants: Contestant[] = [];
    for (const { name, graph, session } of opened) {
      const results = graph.outputs.map(({ value }) => value);
      const feeds = await tensorsFor(graph.inputs, tensors, place);
      const into = await tensorsFor(results, tensors, place);
      contestants.push({ name, run: () => session.run(feeds, into) });
    }
    return await race(contestants, rules, clock, deadline);
  } finally {
    for (const { session } of opened) await session.close();
    place.clear();
  }
}

/** The question's node, written in the way of one candidate. */
export function loweredQuestion({ key, graph }: Question, target: Target, candidate: string): Graph {
  const timed = target.block === undefined ? graph : betweenBlocks(graph, target.block);
  return lower(timed, target, new Map([[key, candidate]]));
}

/** A candidate that this build of the runtime does not know is no choice here, and no reason to fail. */
async function openOrNull(graph: Graph, candidate: string, place: Place): Promise<PlacedSession | null> {
  const model = encodeModel(graph, { producerVersion: VERSION });
  try {
    return await place.open(model, `${graph.name} by ${candidate}`);
  } catch (error) {
    if (error instanceof ProviderError) return null;
    throw error;
  }
}

/** @param made tensors so far: what two candidates have in common is made once */
async function tensorsFor(
  values: readonly Value[],
  made: Map<string, AnyTensor>,
  place: Place,
): Promise<Tensors> {
  const tensors = new Map<string, AnyTensor>();
  for (const value of values) {
    const key = `${value.name} ${value.dtype} ${value.shape.join()}`;
    const tensor = made.get(key) ?? (await place.put(filledTensor(value)));
    made.set(key, tensor);
    tensors.set(value.name, tensor);
  }
  return tensors;
}

/** Numbers from -1 to 1, none of them a zero or denormal, which processors treat differently; zeros for rows. */
export function filledTensor({ dtype, shape: dims }: Value): HostTensor {
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
