/** @file Sliding windows: the arithmetic that convolutions and poolings share. */

import type { OpKind } from "../ir/opTable.js";
import { showShape, type Dim, type Shape } from "../ir/shape.js";
import type { ShapeContext } from "./shapeRule.js";

/** `pads` are [top, left, bottom, right], all other lists [vertical, horizontal]. */
export interface Window {
  readonly kernelShape: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations?: readonly number[];
}

/** Rows or columns that a kernel covers, gaps of dilation included. */
export function reach(kernel: number, dilation: number): number {
  return dilation * (kernel - 1) + 1;
}

/**
 * Height and width after a window slid over `input` [N, C, H, W], rounded down.
 * @throws ShapeError when the window does not fit once
 */
export function windowOutput(input: Shape, window: Window, fail: (message: string) => never): Dim[] {
  return [0, 1].map((at) => {
    const size = input[at + 2];
    if (typeof size !== "number")
      return fail(`axis ${at + 2} of ${showShape(input)} is named, expected a size`);
    const covered = reach(window.kernelShape[at]!, window.dilations?.[at] ?? 1);
    const padded = size + window.pads[at]! + window.pads[at + 2]!;
    if (padded < covered) {
      return fail(
        `an input of ${showShape(input)} is ${padded} long on axis ${at + 2} with its padding, expected at least the ${covered} that the kernel covers`,
      );
    }
    return Math.floor((padded - covered) / window.strides[at]!) + 1;
  });
}

const LENGTHS: Readonly<Record<string, { length: number; least: number }>> = {
  kernelShape: { length: 2, least: 1 },
  strides: { length: 2, least: 1 },
  pads: { length: 4, least: 0 },
  dilations: { length: 2, least: 1 },
  inputSize: { length: 2, least: 1 },
  outputPadding: { length: 2, least: 0 },
};

/** Checks length and range of the window's attributes before a shape rule computes with them. */
export function checkWindow<K extends OpKind, R>(ctx: ShapeContext<K>, rule: (ctx: ShapeContext<K>) => R): R {
  for (const [name, value] of Object.entries(ctx.attributes as Readonly<Record<string, unknown>>)) {
    const limit = LENGTHS[name];
    if (limit === undefined) continue;
    const list = value as readonly number[];
    if (list.length !== limit.length || list.some((number) => number < limit.least)) {
      ctx.fail(
        `${name} is [${list.join(", ")}], expected ${limit.length} whole numbers of at least ${limit.least}`,
      );
    }
  }
  const { group } = ctx.attributes as { group?: number };
  if (group !== undefined && group < 1) ctx.fail(`group is ${group}, expected at least 1`);
  return rule(ctx);
}
