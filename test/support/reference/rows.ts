/** @file Operators that read or write rows and elements by their number. */

import type { KernelContext, Kernels } from "./kernel.js";
import {
  axisOf,
  copyOf,
  eachPlace,
  elementOf,
  positionOf,
  rowOf,
  tabulate,
  type NdArray,
} from "./ndArray.js";

type Rows = "Gather" | "GatherElements" | "GatherND" | "ScatterElements" | "ScatterND" | "TopK";

/** `coordinates` with another row on one axis. */
const onRow = (coordinates: readonly number[], along: number, row: number): number[] =>
  coordinates.map((coordinate, axis) => (axis === along ? row : coordinate));

/** The index tuple at the given leading coordinates of `indices` [..., length], made non-negative. */
function tupleAt(indices: NdArray, lead: readonly number[], data: NdArray): number[] {
  const length = indices.shape.at(-1)!;
  return Array.from({ length }, (_, axis) => rowOf(elementOf(indices, [...lead, axis]), data.shape[axis]!));
}

function write(output: NdArray, position: number, update: number, reduction: string): void {
  output.data[position] = reduction === "add" ? output.data[position]! + update : update;
}

function gather({ inputs: { data, indices }, attributes }: KernelContext<"Gather">): { output: NdArray } {
  const along = axisOf(attributes.axis, data.shape.length);
  const rank = indices.shape.length;
  const shape = [...data.shape.slice(0, along), ...indices.shape, ...data.shape.slice(along + 1)];
  const output = tabulate(shape, (at) => {
    const row = rowOf(elementOf(indices, at.slice(along, along + rank)), data.shape[along]!);
    return elementOf(data, [...at.slice(0, along), row, ...at.slice(along + rank)]);
  });
  return { output };
}

function gatherElements({ inputs: { data, indices }, attributes }: KernelContext<"GatherElements">): {
  output: NdArray;
} {
  const along = axisOf(attributes.axis, data.shape.length);
  const output = tabulate(indices.shape, (at) =>
    elementOf(data, onRow(at, along, rowOf(elementOf(indices, at), data.shape[along]!))),
  );
  return { output };
}

function gatherNd({ inputs: { data, indices } }: KernelContext<"GatherND">): { output: NdArray } {
  const lead = indices.shape.slice(0, -1);
  const shape = [...lead, ...data.shape.slice(indices.shape.at(-1))];
  const output = tabulate(shape, (at) =>
    elementOf(data, [...tupleAt(indices, at.slice(0, lead.length), data), ...at.slice(lead.length)]),
  );
  return { output };
}

function scatterElements({ inputs, attributes }: KernelContext<"ScatterElements">): { output: NdArray } {
  const { data, indices, updates } = inputs;
  const along = axisOf(attributes.axis, data.shape.length);
  const output = copyOf(data);
  eachPlace(indices.shape, (at, position) => {
    const row = rowOf(indices.data[position]!, data.shape[along]!);
    write(
      output,
      positionOf(data.shape, onRow(at, along, row)),
      updates.data[position]!,
      attributes.reduction,
    );
  });
  return { output };
}

function scatterNd({ inputs: { data, indices, updates }, attributes }: KernelContext<"ScatterND">): {
  output: NdArray;
} {
  const lead = indices.shape.length - 1;
  const output = copyOf(data);
  eachPlace(updates.shape, (at, position) => {
    const target = [...tupleAt(indices, at.slice(0, lead), data), ...at.slice(lead)];
    write(output, positionOf(data.shape, target), updates.data[position]!, attributes.reduction);
  });
  return { output };
}

function topK({ inputs: { X, K }, attributes }: KernelContext<"TopK">): {
  Values: NdArray;
  Indices: NdArray;
} {
  const along = axisOf(attributes.axis, X.shape.length);
  const shape = X.shape.map((size, axis) => (axis === along ? K.data[0]! : size));
  const sign = attributes.largest ? -1 : 1;
  const Indices = tabulate(shape, (at) => {
    const lane = Array.from({ length: X.shape[along]! }, (_, row) => ({
      row,
      x: elementOf(X, onRow(at, along, row)),
    }));
    return lane.sort((a, b) => sign * (a.x - b.x) || a.row - b.row)[at[along]!]!.row;
  });
  const Values = tabulate(shape, (at) => elementOf(X, onRow(at, along, elementOf(Indices, at))));
  return { Values, Indices };
}

export const rows = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  TopK: topK,
} satisfies Kernels<Rows>;
