/** @file Numbers kept in 8 bits. */

import type { Value } from "../ir/graph.js";
import { normalizeAxis, showShape } from "../ir/shape.js";
import type { Emitter } from "./emitter.js";
import type { ShapeRules } from "./shapeRule.js";

export const quantizationShapes = {
  DequantizeLinear: ({ inputs: { x, x_scale: scale, x_zero_point: zero }, attributes, where, fail }) => {
    if (scale.shape.length > 0) {
      const axis = normalizeAxis(attributes.axis, x.shape.length, where);
      if (scale.shape.length > 1 || scale.shape[0] !== x.shape[axis]) {
        fail(`x_scale is ${showShape(scale.shape)}, expected [] or [${x.shape[axis]}], axis ${axis} of x`);
      }
    }
    if (zero !== null && showShape(zero.shape) !== showShape(scale.shape)) {
      fail(`x_zero_point is ${showShape(zero.shape)}, expected ${showShape(scale.shape)} as x_scale`);
    }
    return { y: x.shape };
  },
} satisfies ShapeRules<"DequantizeLinear">;

export function quantizationOps({ emit }: Emitter) {
  return {
    /** (x - zero) · scale in float32; scale and zero are [], or [size of axis]. `zero` null: 0. */
    dequantizeLinear: (x: Value, scale: Value, zero: Value | null = null, axis = 0): Value =>
      emit("DequantizeLinear", { x, x_scale: scale, x_zero_point: zero }, { axis }).y,
  };
}
