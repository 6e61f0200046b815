/** @file Operators of ONNX Runtime's on-device training. */

import type { Value } from "../ir/graph.js";
import { shapesEqual, showShape } from "../ir/shape.js";
import type { Emitter } from "./emitter.js";
import type { ShapeRules } from "./shapeRule.js";

export const trainingShapes = {
  InPlaceAccumulatorV2: ({ inputs: { accumulation_buffer: buffer, value, overwrite_flag: flag }, fail }) => {
    if (!shapesEqual(buffer.shape, value.shape))
      fail(`value is ${showShape(value.shape)}, expected ${showShape(buffer.shape)} as the buffer`);
    if (flag !== null && !shapesEqual(flag.shape, [1]))
      fail(`overwrite_flag is ${showShape(flag.shape)}, expected [1]`);
    return { updated_flag: [1] };
  },
} satisfies ShapeRules<"InPlaceAccumulatorV2">;

export function trainingOps({ emit }: Emitter) {
  return {
    /**
     * Adds `value` to what `buffer`, an input of the graph, holds in the caller's memory; where `overwrite` is true,
     * puts it in the place of that. Nothing else may read the buffer after it: the runtime knows no order between them.
     * @param overwrite bool [1]; null: false
     * @returns bool [1], true: what keeps the node alive
     */
    accumulateInPlace: (buffer: Value, value: Value, overwrite: Value | null) =>
      emit("InPlaceAccumulatorV2", { accumulation_buffer: buffer, value, overwrite_flag: overwrite }, {})
        .updated_flag,
  };
}
