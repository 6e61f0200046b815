/**
 * @file Where the time of a step goes: its operators of one kind alone, all of them in one run on the device.
 *
 * The runtime's own profile gives the times at which kernels are launched, not those that they take. A graph of the same
 * nodes in the same ways, fed tensors that lie there, takes what the device needs for them, and one launch from the host.
 * In half types the casts of what goes in and out are among it.
 */

import { encodeModel } from "../../src/codec/encode.js";
import type { Graph, Value } from "../../src/ir/graph.js";
import type { OpKind } from "../../src/ir/opTable.js";
import { lower } from "../../src/lower/lower.js";
import { nameOutputs } from "../../src/lower/passes/nameOutputs.js";
import { simplify } from "../../src/lower/simplify.js";
import type { Device, DeviceTensor } from "../../src/runtime/device.js";
import type { HostTensor } from "../../src/runtime/session.js";
import { fedAsFloat32 } from "../../src/tune/fedAsFloat32.js";
import { filledTensor } from "../../src/tune/measure.js";
import { nodesAlone } from "../../src/tune/oneNodeGraph.js";
import { VERSION } from "../../src/version.js";
import type { DeviceStep } from "./deviceStep.js";

export const CONVOLUTIONS = ["Conv", "ConvInputGradient", "ConvWeightGradient"] as const;
export const NORMALIZATIONS = ["BatchNormalizationTraining", "BatchNormalizationGradient"] as const;

/** Runs that are timed, after those in which kernels are chosen and recorded. */
const RUNS = 9;
const FIRST_RUNS = 4;

/** Seconds of one step's operators by kind; null: there was no room for them beside the step. */
export async function partSeconds(
  device: Device,
  of: Pick<DeviceStep, "graph" | "fitted" | "choices">,
): Promise<Record<string, number | null>> {
  const seconds: Record<string, number | null> = {};
  for (const kind of [...CONVOLUTIONS, ...NORMALIZATIONS]) {
    seconds[kind] = await secondsOf(device, kind, of).catch((error: unknown) => {
      process.stderr.write(`${kind} alone: ${error instanceof Error ? error.message : String(error)}\n`);
      return null;
    });
  }
  return seconds;
}

async function secondsOf(
  device: Device,
  kind: OpKind,
  { graph, fitted, choices }: Pick<DeviceStep, "graph" | "fitted" | "choices">,
): Promise<number> {
  const simple = simplify(graph);
  const nodes = simple.nodes.filter(({ op }) => op === kind);
  if (nodes.length === 0) return 0;
  const alone = nameOutputs(fedAsFloat32(lower(nodesAlone(nodes, simple, kind), fitted.target, choices)));
  return timed(device, alone);
}

async function timed(device: Device, graph: Graph): Promise<number> {
  const model = encodeModel(graph, { producerVersion: VERSION });
  const session = await device.openSession(model, graph.name, { isRepeated: true });
  const tensors: DeviceTensor[] = [];
  const filled = new Map<string, HostTensor>();
  const place = async ({ name, dtype, shape }: Value) => {
    const there = await device.allocate(dtype as HostTensor["dtype"], shape as readonly number[]);
    tensors.push(there);
    return [name, there] as const;
  };
  try {
    const feeds = new Map<string, DeviceTensor>();
    for (const value of graph.inputs) {
      const [name, there] = await place(value);
      const key = `${value.dtype} ${value.shape.join()}`;
      const numbers = filled.get(key) ?? filledTensor(value);
      filled.set(key, numbers);
      await device.upload(numbers, there);
      feeds.set(name, there);
    }
    const into = new Map<string, DeviceTensor>();
    for (const { value } of graph.outputs) into.set(...(await place(value)));
    const seconds: number[] = [];
    for (let run = 0; run < FIRST_RUNS + RUNS; run++) {
      const began = performance.now();
      await session.run(feeds, into);
      if (run >= FIRST_RUNS) seconds.push((performance.now() - began) / 1000);
    }
    return seconds.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
  } finally {
    await session.close();
    for (const tensor of tensors) device.release(tensor);
  }
}
