/** @file What this machine does at best, by the same runtime, threads and clock as the kernels that are measured. */

import { encodeModel } from "../codec/encode.js";
import { nodeBytes, nodeFlops } from "../ir/cost.js";
import type { Graph } from "../ir/graph.js";
import { GraphBuilder } from "../ops/builder.js";
import { lower } from "../lower/lower.js";
import { cpu } from "../lower/targets/cpu.js";
import { openTracedSession } from "../runtime/node.js";
import type { SessionOptions } from "../runtime/session.js";
import { VERSION } from "../version.js";
import type { Ceilings } from "./aggregate.js";
import { feedsOf, placesFor } from "./feeds.js";
import { parseTrace } from "./trace.js";

/** Side of the matrices: large enough for full speed, and a matter of milliseconds, which other programs seldom disturb. */
export const MATRIX_SIDE = 512;
/** Numbers in the array, 32 MiB, and as many are written: more than most processors' caches hold. */
const ARRAY_LENGTH = 2 ** 23;
/** Of these runs, the best counts: on a shared machine the others are slower for reasons of their own. */
const RUNS = 20;

const WHERE = "ceilings of this machine";

/** A product of matrices, and a pass over memory that computes next to nothing. */
function ceilingsGraph(): Graph {
  const builder = new GraphBuilder("ceilings");
  const { op } = builder;
  const matrix = (name: string) => builder.input(name, "float32", [MATRIX_SIDE, MATRIX_SIDE]);
  const product = op.matMul(matrix("a"), matrix("b"));
  const negated = op.neg(builder.input("array", "float32", [ARRAY_LENGTH]));
  // Means, since outputs would be copied.
  builder.output("product", op.reduceMean(product, [0, 1], false));
  builder.output("negated", op.reduceMean(negated, [0], false));
  return lower(builder.build(), cpu);
}

/** @throws what `signal` was aborted with */
export async function measureCeilings({
  signal,
  ...options
}: SessionOptions & { readonly signal: AbortSignal }): Promise<Ceilings> {
  const graph = ceilingsGraph();
  const session = await openTracedSession(encodeModel(graph, { producerVersion: VERSION }), WHERE, options);
  try {
    const feeds = feedsOf(session.declaredInputs, graph, {}, WHERE);
    const places = placesFor(session.declaredOutputs, {});
    for (let run = 0; run < RUNS; run++) {
      signal.throwIfAborted();
      await session.run(feeds, places);
    }
    const kernels = parseTrace(await session.endTrace(), WHERE).flatMap((run) => run.kernels);
    const node = (op: string) => graph.nodes.find((one) => one.op === op)!;
    const best = (op: string) => Math.min(...kernels.filter((one) => one.op === op).map(({ ms }) => ms));
    return {
      gflopPerSecond: nodeFlops(node("MatMul"), {}) / best("MatMul") / 1e6,
      gbPerSecond: nodeBytes(node("Neg"), {}) / best("Neg") / 1e6,
    };
  } finally {
    await session.close();
  }
}
