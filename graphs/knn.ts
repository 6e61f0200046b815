/** @file Exhaustive nearest-neighbour search as a graph. */

import type { Graph } from "../src/ir/graph.js";
import { GraphBuilder } from "../src/ops/builder.js";

/**
 * `queries` [queries, dim] and `bank` [instances, dim] → `similarities` [queries, k], falling, and `neighbours` int64
 * [queries, k], their rows in the bank; the lower row first among equals. Dot products: cosines for unit vectors.
 */
export function knnGraph(dim: number, k: number): Graph {
  const builder = new GraphBuilder("knn");
  const { op } = builder;
  const queries = builder.input("queries", "float32", ["queries", dim]);
  const bank = builder.input("bank", "float32", ["instances", dim]);
  const products = op.gemm(queries, bank, null, { transB: 1 });
  const { values, positions } = op.topK(products, op.constant({ dtype: "int64", shape: [1], data: [k] }));
  builder.output("similarities", values);
  builder.output("neighbours", positions);
  return builder.build();
}
