/** @file Runs graphs in ONNX Runtime from plain arrays, for tests that compare its numbers. */

import { encodeModel } from "../../src/codec/encode.js";
import type { Graph } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, type HostTensor, type Session } from "../../src/runtime/session.js";

/** The graph in ONNX Runtime, on one thread: sums then have one order. */
export async function openGraph(graph: Graph): Promise<Session> {
  const model = encodeModel(lower(graph, cpu), { producerVersion: "0" });
  return openSession(model, graph.name, { ep: "cpu", threads: 1 });
}

/** All float outputs of a graph whose shapes are known. */
export async function runGraph(
  graph: Graph,
  feeds: ReadonlyMap<string, HostTensor>,
): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const session = await openGraph(graph);
  const into = new Map(
    graph.outputs.map(({ name, value }) => [name, floats(value.shape as readonly number[])]),
  );
  try {
    await session.run(feeds, into);
  } finally {
    await session.close();
  }
  return new Map([...into].map(([name, { data }]) => [name, data]));
}
