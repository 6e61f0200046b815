/** @file Initial parameters and bank rows, from the seed and the tensor's name alone. */

import type { Graph, Parameter } from "../ir/graph.js";
import { elementCount } from "../ir/shape.js";
import { RandomStream } from "../random/philox.js";

/** Fills an array as `initial` says. Numbers are computed in float64 and rounded once. */
export function initializeParameter({ value, initial }: Parameter, seed: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(elementCount(value.shape as readonly number[]));
  if (initial.kind === "constant") return data.fill(initial.value);
  const stream = new RandomStream(seed, "init", value.name);
  const draw =
    initial.kind === "uniform"
      ? () => initial.bound * (2 * stream.uniform() - 1)
      : () => initial.std * stream.normal();
  for (let at = 0; at < data.length; at++) data[at] = draw();
  return data;
}

export function initializeParameters(graph: Graph, seed: number): Map<string, Float32Array<ArrayBuffer>> {
  return new Map(
    [...graph.parameters].map(([name, parameter]) => [name, initializeParameter(parameter, seed)]),
  );
}

/**
 * Random bank rows [rows, dim], uniform in ±√(3/dim): of unit length in expectation.
 * Source: the authors' code; the paper has unit vectors.
 */
export function initializeBank(rows: number, dim: number, seed: number): Float32Array<ArrayBuffer> {
  const stream = new RandomStream(seed, "bank");
  const bound = Math.sqrt(3 / dim);
  const bank = new Float32Array(rows * dim);
  for (let at = 0; at < bank.length; at++) bank[at] = bound * (2 * stream.uniform() - 1);
  return bank;
}
