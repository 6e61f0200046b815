/** @file What devices have in common: copies between host and device, and what is said of those that fail. */

import { encodeModel } from "../codec/encode.js";
import { ProviderError } from "../errors.js";
import { elementBytes } from "../ir/dtype.js";
import type { Graph, Value } from "../ir/graph.js";
import { elementCount, shapesEqual, showShape } from "../ir/shape.js";
import type { AnyTensor } from "./device.js";

/** @throws ProviderError unless both have one dtype and one shape */
export function checkCopy(from: AnyTensor, into: AnyTensor, where: string): void {
  if (from.dtype === into.dtype && shapesEqual(from.shape, into.shape)) return;
  throw new ProviderError(
    `${where}: copies ${from.dtype} ${showShape(from.shape)} into ${into.dtype} ${showShape(into.shape)}, ` +
      "expected one type and one shape; give a tensor that fits",
  );
}

/** WebGPU moves whole words of 4 bytes; a tensor without elements has one too. */
export function wordCount({ dtype, shape }: Pick<AnyTensor, "dtype" | "shape">): number {
  return Math.max(1, Math.ceil((elementCount(shape) * elementBytes(dtype)) / 4));
}

/** The runtime's words when a GPU is gone under it. */
export const isLost = (words: string): boolean => /device[^.]*\blost\b|\blost\b[^.]*device/i.test(words);

/** A device that was closed, and one that gave a tensor back, hold nothing any more. */
export function gone(where: string, what: string): ProviderError {
  return new ProviderError(`${where}: ${what}, expected one that this device holds; allocate it again`);
}

/** to = from, in words: what every provider of GPUs runs. */
export function copyModel(): Uint8Array {
  const vector = (name: string): Value => ({ name, dtype: "int32", shape: ["words"] });
  const [from, to] = [vector("from"), vector("to")];
  const graph: Graph = {
    name: "copy",
    nodes: [{ name: "/Identity", op: "Identity", inputs: [from], outputs: [to], attributes: {} }],
    inputs: [from],
    outputs: [{ name: to.name, value: to }],
    constants: new Map(),
    parameters: new Map(),
  };
  return encodeModel(graph, { producerVersion: "0" });
}
