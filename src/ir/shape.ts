/** @file Shapes with named dimensions, and the arithmetic every shape rule needs. */

import { ShapeError } from "../errors.js";

/** A dimension is a size, or the name of a size known only when the graph runs ("batch"). */
export type Dim = number | string;
export type Shape = readonly Dim[];

export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

export function shapesEqual(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

export function isStatic(shape: Shape): shape is readonly number[] {
  return shape.every((dim) => typeof dim === "number");
}

/** Number of elements of a static shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/**
 * Numpy broadcasting. A named dimension matches itself and 1.
 * @throws ShapeError naming the first axis, counted from the end, that does not match
 */
export function broadcastShapes(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new ShapeError(
      `${where}: ${showShape(a)} and ${showShape(b)} do not broadcast: ` +
        `axis ${axis - rank} is ${left} against ${right}, expected equal sizes or 1`,
    );
  });
}

/** Axes of `shape` that broadcasting stretched to reach `target`, as axes of `target`. */
export function stretchedAxes(shape: Shape, target: Shape): number[] {
  const lead = target.length - shape.length;
  return target.flatMap((dim, axis) =>
    axis < lead || (shape[axis - lead] === 1 && dim !== 1) ? [axis] : [],
  );
}

/**
 * A non-negative axis from one that may count from the end.
 * @throws ShapeError when it lies outside the rank
 */
export function normalizeAxis(axis: number, rank: number, where: string): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`${where}: axis is ${axis}, expected a whole number in [${-rank}, ${rank - 1}]`);
  }
  return axis < 0 ? axis + rank : axis;
}

export function normalizeAxes(axes: readonly number[], rank: number, where: string): number[] {
  const normalized = axes.map((axis) => normalizeAxis(axis, rank, where));
  if (new Set(normalized).size !== normalized.length) {
    throw new ShapeError(`${where}: axes are [${axes.join(", ")}], expected each axis once`);
  }
  return normalized;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}
