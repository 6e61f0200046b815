/** @file Finds the first value of a model, in order of computation, that is not finite while all it was made of is. */

import { decodeModel } from "../codec/decode.js";
import { encodeModel } from "../codec/encode.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import { openSession } from "../runtime/node.js";
import { floats, type FloatTensor, type HostTensor } from "../runtime/session.js";

/** Bytes of values that are kept at once; the runtime's binding holds each a second time. */
const SLICE_BYTES = 2 ** 29;
const FLOAT_BYTES = 4;

/** What a tensor of floats holds. */
export interface Census {
  readonly name: string;
  readonly shape: readonly number[];
  /** Rows, along the first axis, that hold NaN or infinity. */
  readonly brokenRows: readonly number[];
  readonly nans: number;
  readonly infinities: number;
  /** Of the finite numbers; 0 and 0 where there are none. */
  readonly least: number;
  readonly most: number;
}

export type NotFinite =
  /** Inputs of the model that were not finite when they were fed. */
  | { readonly kind: "inputs"; readonly inputs: readonly Census[] }
  | {
      readonly kind: "node";
      readonly node: Pick<Node, "name" | "op">;
      readonly output: Census;
      /** What the node read, as far as it is floats. */
      readonly fed: readonly Census[];
    };

export interface SearchOptions {
  readonly threads: number;
  /** For tests; default 512 MiB. */
  readonly sliceBytes?: number;
}

/**
 * Runs the model again with every value as an output, slice by slice.
 * @param feeds of the run in question, unchanged
 * @returns null: all values are finite, the model's outputs among them
 * @throws ArtifactError when the bytes are not a model of ours
 */
export async function firstNotFinite(
  model: Uint8Array,
  where: string,
  feeds: ReadonlyMap<string, HostTensor>,
  { threads, sliceBytes = SLICE_BYTES }: SearchOptions,
): Promise<NotFinite | null> {
  const decoded = decodeModel(model, where);
  const { graph } = decoded;
  const fed = graph.inputs.flatMap(({ name }) => takeCensusOf(name, feeds.get(name)));
  const inputs = fed.filter(isBroken);
  if (inputs.length > 0) return { kind: "inputs", inputs };

  const known = new Map(fed.map((census) => [census.name, census]));
  for (const slice of slicesOf(graph, sizesOf(graph, feeds), sliceBytes)) {
    const bytes = encodeModel(prefix(graph, slice), decoded);
    const session = await openSession(bytes, where, { ep: "cpu", threads });
    const into = new Map(slice.values.map(({ name, shape }) => [name, floats(shape)]));
    try {
      await session.run(feeds, into);
    } finally {
      await session.close();
    }
    for (const [name, tensor] of into) known.set(name, takeCensus(name, tensor));
    const first = graph.nodes.slice(0, slice.end).flatMap((node) => brokenOutput(node, known))[0];
    if (first) return first;
  }
  return null;
}

interface Slice {
  /** Nodes that have to run for it: the first so many. */
  readonly end: number;
  readonly values: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Sizes of named dimensions, read off the feeds. */
function sizesOf(graph: Graph, feeds: ReadonlyMap<string, HostTensor>): Map<string, number> {
  const named = graph.inputs.flatMap(({ name, shape }) =>
    shape.flatMap((dim, axis): [string, number][] =>
      typeof dim === "string" ? [[dim, feeds.get(name)!.shape[axis]!]] : [],
    ),
  );
  return new Map(named);
}

/** All float values in the order they are computed, cut where they would take more than `sliceBytes`. */
function slicesOf(graph: Graph, sizes: ReadonlyMap<string, number>, sliceBytes: number): Slice[] {
  const slices: { end: number; values: Slice["values"][number][] }[] = [];
  let bytes = Infinity;
  graph.nodes.forEach((node, at) => {
    const values = node.outputs
      .filter(({ dtype }) => dtype === "float32")
      .map((value) => sized(value, sizes));
    const size = values.reduce((sum, { shape }) => sum + FLOAT_BYTES * shape.reduce((a, b) => a * b, 1), 0);
    if (bytes + size > sliceBytes) {
      slices.push({ end: at, values: [] });
      bytes = 0;
    }
    const slice = slices.at(-1)!;
    slice.end = at + 1;
    slice.values.push(...values);
    bytes += size;
  });
  return slices;
}

function sized({ name, shape }: Value, sizes: ReadonlyMap<string, number>): Slice["values"][number] {
  return { name, shape: shape.map((dim) => (typeof dim === "number" ? dim : sizes.get(dim)!)) };
}

/** The graph up to the end of a slice, whose values are its outputs. */
function prefix(graph: Graph, { end, values }: Slice): Graph {
  const nodes = graph.nodes.slice(0, end);
  const made = new Map(nodes.flatMap(({ outputs }) => outputs.map((value) => [value.name, value] as const)));
  return { ...graph, nodes, outputs: values.map(({ name }) => ({ name, value: made.get(name)! })) };
}

function brokenOutput(node: Node, known: ReadonlyMap<string, Census>): NotFinite[] {
  const output = node.outputs.map(({ name }) => known.get(name)).find((census) => census && isBroken(census));
  if (!output) return [];
  const fed = node.inputs.flatMap((value) => (value && known.get(value.name)) ?? []);
  return [{ kind: "node", node, output, fed }];
}

const isBroken = ({ nans, infinities }: Census): boolean => nans + infinities > 0;

function takeCensusOf(name: string, tensor: HostTensor | undefined): Census[] {
  return tensor?.dtype === "float32" ? [takeCensus(name, tensor)] : [];
}

/** One pass over the numbers. */
export function takeCensus(name: string, { data, shape }: FloatTensor): Census {
  const rowLength = shape.slice(1).reduce((a, b) => a * b, 1);
  const brokenRows: number[] = [];
  let [nans, infinities, least, most] = [0, 0, Infinity, -Infinity];
  for (let at = 0; at < data.length; at++) {
    const value = data[at]!;
    if (Number.isFinite(value)) {
      if (value < least) least = value;
      if (value > most) most = value;
    } else {
      const row = Math.floor(at / rowLength);
      if (brokenRows.at(-1) !== row) brokenRows.push(row);
      if (Number.isNaN(value)) nans++;
      else infinities++;
    }
  }
  const [low, high] = least > most ? [0, 0] : [least, most];
  return { name, shape, brokenRows, nans, infinities, least: low, most: high };
}
