/** @file Reductions, and normalizations along one axis. */

import type { KernelContext, Kernels } from "./kernel.js";
import { axisOf, eachPlace, positionOf, sizeOf, zeros, type NdArray } from "./ndArray.js";

type Reduction = "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceSumSquare" | "ReduceLogSumExp";

const sum = (elements: readonly number[]): number => elements.reduce((total, element) => total + element, 0);

function logSumExp(elements: readonly number[]): number {
  const greatest = Math.max(...elements);
  return greatest + Math.log(sum(elements.map((element) => Math.exp(element - greatest))));
}

/** Positions of x that one result is computed from, grouped in the row-major order of the results. */
function groups(shape: readonly number[], axes: readonly number[]): number[][] {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const grouped = Array.from({ length: sizeOf(kept) }, (): number[] => []);
  eachPlace(shape, (coordinates, position) => grouped[positionOf(kept, coordinates)]!.push(position));
  return grouped;
}

/** Empty axes reduce all, as noop_with_empty_axes = 0 says. */
const reduce =
  (f: (elements: readonly number[]) => number) =>
  ({ inputs: { data, axes }, attributes }: KernelContext<Reduction>): { reduced: NdArray } => {
    const rank = data.shape.length;
    const listed = Array.from(axes.data, (axis) => axisOf(axis, rank));
    const all = listed.length > 0 ? listed : data.shape.map((_, axis) => axis);
    const shape = attributes.keepdims
      ? data.shape.map((size, axis) => (all.includes(axis) ? 1 : size))
      : data.shape.filter((_, axis) => !all.includes(axis));
    const results = groups(data.shape, all).map((group) => f(group.map((position) => data.data[position]!)));
    return { reduced: { shape, data: Float64Array.from(results) } };
  };

const alongAxis =
  (f: (lane: readonly number[]) => number[]) =>
  ({ inputs: { X }, attributes }: KernelContext<"Softmax" | "LogSoftmax">): { Y: NdArray } => {
    const Y = zeros(X.shape);
    for (const group of groups(X.shape, [axisOf(attributes.axis, X.shape.length)])) {
      f(group.map((position) => X.data[position]!)).forEach((y, at) => {
        Y.data[group[at]!] = y;
      });
    }
    return { Y };
  };

export const reduction = {
  ReduceSum: reduce(sum),
  ReduceMean: reduce((elements) => sum(elements) / elements.length),
  ReduceMax: reduce((elements) => Math.max(...elements)),
  ReduceSumSquare: reduce((elements) => sum(elements.map((x) => x * x))),
  ReduceLogSumExp: reduce(logSumExp),
  Softmax: alongAxis((lane) => lane.map((x) => Math.exp(x - logSumExp(lane)))),
  LogSoftmax: alongAxis((lane) => lane.map((x) => x - logSumExp(lane))),
} satisfies Kernels<Reduction | "Softmax" | "LogSoftmax">;
