/** @file A finished model as a graph with its weights: what each exported file is made from. */

import { decodeModel, type DecodedModel } from "../../codec/decode.js";
import { encodeModel } from "../../codec/encode.js";
import type { Graph, Node, Value } from "../../ir/graph.js";
import type { RawTensor } from "../../ir/rawTensor.js";
import { nameOutputs } from "../../lower/passes/nameOutputs.js";

export interface BoundGraph {
  readonly graph: Graph;
  /** Bound to inputs of the graph of these names. */
  readonly tensors: ReadonlyMap<string, RawTensor>;
}

/** @throws ArtifactError when the bytes are not a model of this package */
export function readEncoder(encoder: Uint8Array): DecodedModel {
  return decodeModel(encoder, "encoder.onnx");
}

/** The bytes of `source` with another graph: version and metadata stay, notes for training go. */
export function writeModelFile(
  source: DecodedModel,
  { graph, tensors }: BoundGraph,
  docString: string,
): Uint8Array {
  const named = nameOutputs({ ...graph, parameters: new Map() });
  const used = new Set(named.nodes.flatMap(namesRead));
  const isUsed = (name: string): boolean => used.has(name) || !tensors.has(name);
  const inputs = named.inputs.filter(({ name }) => isUsed(name));
  const kept = new Map([...tensors].filter(([name]) => isUsed(name)));
  return encodeModel({ ...named, inputs }, { ...source, tensors: kept, docString });
}

/** Names of the values that a node reads. */
export function namesRead({ inputs }: Node): string[] {
  return inputs.flatMap((value) => (value === null ? [] : [value.name]));
}

/** How many nodes and outputs read each value. */
export function countUses({ nodes, outputs }: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  const names = [...nodes.flatMap(namesRead), ...outputs.map(({ value }) => value.name)];
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  return uses;
}

/** The float32 tensor bound to `value`; null: it is another value. */
export function weightOf(tensors: BoundGraph["tensors"], value: Value | null | undefined): RawTensor | null {
  const tensor = value ? tensors.get(value.name) : undefined;
  return tensor?.dtype === "float32" ? tensor : null;
}
