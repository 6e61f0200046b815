/** @file Runs a graph on ONNX Runtime with the numbers of the interpreter. */

import ort from "onnxruntime-node";
import { encodeModel } from "../../src/codec/encode.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Graph } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import type { Target } from "../../src/lower/target.js";
import { ndArray, type Feeds, type NdArray } from "./reference.js";

type RuntimeDType = Exclude<DType, "float16" | "bfloat16">;

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

function toTensor(dtype: RuntimeDType, { shape, data }: NdArray): ort.Tensor {
  if (dtype === "int64") return new ort.Tensor(dtype, BigInt64Array.from(data, BigInt), shape);
  const values = ARRAYS[dtype].from(data);
  return new ort.Tensor(dtype as "float32", values as Float32Array, shape);
}

function fromTensor({ dims, data }: ort.Tensor): NdArray {
  return ndArray(
    dims,
    Array.from(data as Iterable<number | bigint | boolean>, (number) => Number(number)),
  );
}

/** Outputs by name, of the graph lowered for `target`, computed by `target.ep`. */
export async function runOn(target: Target, graph: Graph, feeds: Feeds): Promise<Map<string, NdArray>> {
  const lowered = lower(graph, target);
  const session = await ort.InferenceSession.create(encodeModel(lowered, { producerVersion: "0" }), {
    executionProviders: [target.ep],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const tensors = graph.inputs.map(({ name, dtype }) => [
    name,
    toTensor(dtype as RuntimeDType, feeds.get(name)!),
  ]);
  try {
    const fetched = await session.run(Object.fromEntries(tensors) as Record<string, ort.Tensor>);
    return new Map(graph.outputs.map(({ name }) => [name, fromTensor(fetched[name]!)]));
  } finally {
    await session.release();
  }
}
