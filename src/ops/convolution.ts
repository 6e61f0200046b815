/** @file Convolutions and their gradients, on feature maps [N, C, H, W]. */

import type { Value } from "../ir/graph.js";
import type { AttributesFor, OpKind } from "../ir/opTable.js";
import { showShape, type Dim, type Shape } from "../ir/shape.js";
import type { Emitter } from "./emitter.js";
import type { ShapeContext, ShapeRules } from "./shapeRule.js";
import { checkWindow, windowOutput, type Window } from "./window.js";

type Fail = (message: string) => never;

function channels(shape: Shape, axis: number, fail: Fail): number {
  const dim = shape[axis];
  return typeof dim === "number" ? dim : fail(`channels are the named dimension "${dim}", expected a size`);
}

function rank4(value: Value, label: string, fail: Fail): Shape {
  return value.shape.length === 4
    ? value.shape
    : fail(`${label} is ${showShape(value.shape)}, expected rank 4`);
}

/** Kernel height and width of weights [K, C/group, kH, kW]. */
function kernelOf(w: Shape, fail: Fail): readonly number[] {
  const kernel = w.slice(2);
  return kernel.every((dim) => typeof dim === "number")
    ? kernel
    : fail(`W is ${showShape(w)}, expected sizes`);
}

/** Filters of weights [K, C/group, kH, kW], which the groups share evenly. */
function checkFilters(w: Shape, group: number, fail: Fail): void {
  const filters = channels(w, 0, fail);
  if (filters % group !== 0) fail(`W has ${filters} filters, expected a multiple of group ${group}`);
}

/** Shape of a convolution's output. */
export function convShape(
  X: Value,
  W: Value,
  B: Value | null,
  attributes: Omit<Window, "kernelShape"> & { readonly group: number },
  fail: Fail,
): Shape {
  const [x, w] = [rank4(X, "X", fail), rank4(W, "W", fail)];
  const { group } = attributes;
  const [have, want, filters] = [channels(x, 1, fail), channels(w, 1, fail) * group, channels(w, 0, fail)];
  if (have !== want)
    fail(`X ${showShape(x)} has ${have} channels, W ${showShape(w)} in ${group} groups expects ${want}`);
  checkFilters(w, group, fail);
  if (B !== null && (B.shape.length !== 1 || B.shape[0] !== filters)) {
    fail(`B is ${showShape(B.shape)}, expected [${filters}]`);
  }
  const window: Window = { ...attributes, kernelShape: kernelOf(w, fail) };
  return [x[0]!, filters, ...windowOutput(x, window, fail)];
}

function convTranspose({ inputs: { X, W }, attributes, fail }: ShapeContext<"ConvTranspose">): { Y: Shape } {
  const [x, w] = [rank4(X, "X", fail), rank4(W, "W", fail)];
  if (x[1] !== w[0]) fail(`X ${showShape(x)} has ${x[1]} channels, W ${showShape(w)} expects ${w[0]}`);
  const { strides, pads, dilations, outputPadding, group } = attributes;
  checkFilters(w, group, fail);
  if (outputPadding.some((rows, at) => rows >= strides[at]!)) {
    fail(
      `outputPadding is [${outputPadding.join(", ")}], expected less than the strides [${strides.join(", ")}]`,
    );
  }
  const spatial = kernelOf(w, fail).map((kernel, at) => {
    const size = x[at + 2];
    if (typeof size !== "number") return fail(`axis ${at + 2} of X is "${size}", expected a size`);
    const reached = (size - 1) * strides[at]! + dilations[at]! * (kernel - 1) + 1;
    const left = reached + outputPadding[at]! - pads[at]! - pads[at + 2]!;
    return left > 0
      ? left
      : fail(`pads are [${pads.join(", ")}], which leave axis ${at + 2} of Y with ${left} elements`);
  });
  return { Y: [x[0]!, channels(w, 1, fail) * group, ...spatial] };
}

/** dY must be what the forward convolution gives for the input size that the attribute states. */
function checkGradient(dY: Shape, window: Window, input: Shape, fail: Fail): void {
  const expected = windowOutput(input, window, fail);
  if (showShape(dY.slice(2)) !== showShape(expected)) {
    fail(
      `dY is ${showShape(dY)}, expected ${showShape(expected)} in its last two axes for an input ${showShape(input)}`,
    );
  }
}

function convInputGradient({ inputs, attributes, fail }: ShapeContext<"ConvInputGradient">): { dX: Shape } {
  const [dY, w] = [rank4(inputs.dY, "dY", fail), rank4(inputs.W, "W", fail)];
  if (dY[1] !== w[0])
    fail(`dY has ${dY[1]} channels, W ${showShape(w)} has ${w[0]} filters, expected them equal`);
  checkFilters(w, attributes.group, fail);
  const dX: Dim[] = [dY[0]!, channels(w, 1, fail) * attributes.group, ...attributes.inputSize];
  checkGradient(dY, { ...attributes, kernelShape: kernelOf(w, fail) }, dX, fail);
  return { dX };
}

function convWeightGradient({ inputs, attributes, fail }: ShapeContext<"ConvWeightGradient">): { dW: Shape } {
  const [dY, x] = [rank4(inputs.dY, "dY", fail), rank4(inputs.X, "X", fail)];
  if (dY[0] !== x[0]) fail(`dY has ${dY[0]} pictures, X has ${x[0]}, expected as many`);
  checkGradient(dY, attributes, x, fail);
  const [filters, have] = [channels(dY, 1, fail), channels(x, 1, fail)];
  const { group, kernelShape } = attributes;
  if (filters % group !== 0 || have % group !== 0) {
    fail(`dY has ${filters} channels, X has ${have}, expected multiples of group ${group}`);
  }
  return { dW: [filters, have / group, ...kernelShape] };
}

export const convolutionShapes = {
  Conv: (ctx) =>
    checkWindow(ctx, ({ inputs: { X, W, B }, attributes, fail }) => ({
      Y: convShape(X, W, B, attributes, fail),
    })),
  ConvTranspose: (ctx) => checkWindow(ctx, convTranspose),
  ConvInputGradient: (ctx) => checkWindow(ctx, convInputGradient),
  ConvWeightGradient: (ctx) => checkWindow(ctx, convWeightGradient),
} satisfies ShapeRules<Extract<OpKind, `Conv${string}`>>;

export function convolutionOps({ emit }: Emitter) {
  return {
    /** x [N, C, H, W], w [K, C/group, kH, kW], bias [K] → [N, K, H', W']. */
    conv: (x: Value, w: Value, attributes: AttributesFor<"Conv"> = {}, bias: Value | null = null) =>
      emit("Conv", { X: x, W: w, B: bias }, attributes).Y,
    /** x [N, K, H', W'], w [K, C/group, kH, kW] → [N, C, H, W]. */
    convTranspose: (x: Value, w: Value, attributes: AttributesFor<"ConvTranspose"> = {}) =>
      emit("ConvTranspose", { X: x, W: w }, attributes).Y,
    /** Gradient of conv by its input, [N, C, ...inputSize]. */
    convInputGradient: (dY: Value, w: Value, attributes: AttributesFor<"ConvInputGradient">) =>
      emit("ConvInputGradient", { dY, W: w }, attributes).dX,
    /** Gradient of conv by its weights, [K, C/group, ...kernelShape]. */
    convWeightGradient: (dY: Value, x: Value, attributes: AttributesFor<"ConvWeightGradient">) =>
      emit("ConvWeightGradient", { dY, X: x }, attributes).dW,
  };
}
