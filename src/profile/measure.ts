/** @file Runs a model, once without and once with the runtime's record of its kernels. */

import type { Sizes } from "../ir/cost.js";
import type { Graph } from "../ir/graph.js";
import { openSession, openTracedSession } from "../runtime/node.js";
import type { Session, SessionOptions, TracedSession } from "../runtime/session.js";
import { nodeTimes, type Ceilings, type NodeTime } from "./aggregate.js";
import { measureCeilings } from "./ceilings.js";
import { feedsOf, placesFor } from "./feeds.js";
import { parseTrace, type TracedRun } from "./trace.js";

/** Runs that are not counted: the runtime plans its memory in the first. */
const WARM_UP = 1;

export interface ProfiledModel {
  /** Names it in messages. */
  readonly where: string;
  readonly bytes: Uint8Array;
  /** null: not one that decodeModel reads. */
  readonly graph: Graph | null;
  /** Of named dimensions. */
  readonly sizes: Sizes;
}

export interface ProfileOptions extends SessionOptions {
  /** Runs that are counted, at least 1. */
  readonly steps: number;
  readonly signal: AbortSignal;
  /** @param done of `total` runs */
  tell(what: string, done: number, total: number): void;
}

/** Times are the least of the runs: what else goes on in the machine can only add to them. */
export interface RunTimes {
  /** Of one run() as its caller sees it, without the record. */
  readonly runMs: number;
  /** The same with the record. */
  readonly tracedMs: number;
  /** In the runtime and in no kernel: it hands from one to the next, and keeps the record. */
  readonly betweenMs: number;
  /** Outside of the runtime: its binding to Node copies the outputs. */
  readonly outsideMs: number;
  /** First dimension of pixel_values; null: the model has no such input. */
  readonly images: number | null;
  readonly nodes: readonly NodeTime[];
}

export interface Profile extends RunTimes {
  readonly ceilings: Ceilings;
}

/**
 * @throws ProviderError when the runtime refuses the model; UsageError when an input has a size that is not known
 * @throws what `signal` was aborted with
 */
export async function measureProfile(model: ProfiledModel, options: ProfileOptions): Promise<Profile> {
  const before = await measureCeilings(options);
  const times = await measureRuns(model, options);
  // On a shared machine one moment is better than another.
  return { ...times, ceilings: higherOf(before, await measureCeilings(options)) };
}

/** The same, without the ceilings. */
export async function measureRuns(model: ProfiledModel, options: ProfileOptions): Promise<RunTimes> {
  const { where, bytes, graph, sizes } = model;
  // First, since the runtime speaks up where a session with a record has failed to open.
  const plain = await openSession(bytes, where, options);
  const traced = await openTracedSession(bytes, where, options);
  try {
    const times = await timeRuns(plain, traced, model, options);
    const runs = parseTrace(await traced.endTrace(), where).slice(WARM_UP);
    const pictures = traced.declaredInputs.find(({ name }) => name === "pixel_values")?.shape[0];
    return {
      runMs: Math.min(...times.plain),
      tracedMs: Math.min(...times.traced),
      betweenMs: Math.min(...runs.map((run) => run.ms - inKernels(run))),
      outsideMs: Math.min(...runs.map((run, at) => times.traced[at]! - run.ms)),
      images: typeof pictures === "string" ? (sizes[pictures] ?? null) : (pictures ?? null),
      nodes: nodeTimes(runs, graph, sizes),
    };
  } finally {
    await plain.close();
    await traced.close();
  }
}

/** Runs with and without the record in turn, so that what slows the machine down slows both. @returns ms of each run */
async function timeRuns(
  plain: Session,
  traced: TracedSession,
  { where, graph, sizes }: ProfiledModel,
  { steps, signal, tell }: ProfileOptions,
): Promise<{ readonly plain: readonly number[]; readonly traced: readonly number[] }> {
  const feeds = feedsOf(traced.declaredInputs, graph, sizes, where);
  const places = placesFor(traced.declaredOutputs, sizes);
  const timeOf = async (session: Session): Promise<number> => {
    signal.throwIfAborted();
    const start = performance.now();
    await session.run(feeds, places);
    return performance.now() - start;
  };
  const times = { plain: [] as number[], traced: [] as number[] };
  for (let run = 1; run <= WARM_UP + steps; run++) {
    times.plain.push(await timeOf(plain));
    times.traced.push(await timeOf(traced));
    tell("running", run, WARM_UP + steps);
  }
  return { plain: times.plain.slice(WARM_UP), traced: times.traced.slice(WARM_UP) };
}

function inKernels({ kernels }: TracedRun): number {
  return kernels.reduce((sum, { ms }) => sum + ms, 0);
}

function higherOf(one: Ceilings, other: Ceilings): Ceilings {
  return {
    gflopPerSecond: Math.max(one.gflopPerSecond, other.gflopPerSecond),
    gbPerSecond: Math.max(one.gbPerSecond, other.gbPerSecond),
  };
}
