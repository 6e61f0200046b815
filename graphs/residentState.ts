/**
 * @file What a step does to state that stays on a device, beside the step itself: two small graphs that run after it, so
 * that only numbers that tell something come back to the host.
 */

import type { Graph, Value } from "../src/ir/graph.js";
import { GraphBuilder } from "../src/ops/builder.js";
import type { OpBuilder } from "../src/ops/table.js";
import { nextName } from "./names.js";

/** Tensors that are joined at once: WebGPU promises a kernel no more than eight buffers, one of which is written. */
const JOINED = 7;

export interface CheckedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Are all numbers finite? Inputs: `tensors`, float32. Output: `sum` [] over all of them: NaN or infinite where one of
 * them is. The reverse is not sure, as a sum of finite numbers may overflow: then the numbers themselves have to be
 * looked at. Sums only, for a shader language may take comparisons, maxima and products with 0 as if there were no NaN.
 */
export function finiteCheckGraph(tensors: readonly CheckedTensor[]): Graph {
  const builder = new GraphBuilder("finite_check");
  const { op } = builder;
  let vectors = tensors.map(({ name, shape }) => vectorOf(op, builder.input(name, "float32", shape)));
  while (vectors.length > 1) vectors = joined(op, vectors);
  builder.output("sum", op.reduceSum(vectors[0]!, [0]));
  return builder.build();
}

/** A vector of the same sum: a device sums many rows of some length faster than one long row. */
function vectorOf(op: OpBuilder, tensor: Value): Value {
  const { shape } = tensor;
  if (shape.length === 0) return op.reshape(tensor, [1]);
  return shape.length === 1 ? tensor : op.reduceSum(op.flatten(tensor, 1), [1]);
}

function joined(op: OpBuilder, vectors: readonly Value[]): Value[] {
  const groups = Array.from({ length: Math.ceil(vectors.length / JOINED) }, (_, at) =>
    vectors.slice(at * JOINED, (at + 1) * JOINED),
  );
  return groups.map((group) => (group.length === 1 ? group[0]! : op.concat(group, 0)));
}

export interface BankWriteConfig {
  /** n: rows of the bank. */
  readonly instances: number;
  readonly embeddingDim: number;
  /** B: pictures in a batch. */
  readonly batchSize: number;
}

/**
 * Writes new rows into the bank: `bank` [n, D], `rows` int64 [B, 1], no number twice, `bank_rows` [B, D] → `bank.next`
 * [n, D], which may be the very memory of `bank`: then nothing but these rows is written. The rows are a column as they
 * come, for WebGPU reads int64 to find places and can do nothing else with it.
 */
export function bankWriteGraph({ instances, embeddingDim, batchSize }: BankWriteConfig): Graph {
  const builder = new GraphBuilder("bank_write");
  const bank = builder.input("bank", "float32", [instances, embeddingDim]);
  const rows = builder.input("rows", "int64", [batchSize, 1]);
  const bankRows = builder.input("bank_rows", "float32", [batchSize, embeddingDim]);
  builder.output(nextName("bank"), builder.op.scatterNd(bank, rows, bankRows));
  return builder.build();
}
