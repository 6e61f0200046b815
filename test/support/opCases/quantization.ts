/** @file Cases of numbers kept in 8 bits. */

import type { quantizationShapes } from "../../../src/ops/quantization.js";
import { drawn, type CaseInputs, type OpCases } from "./opCase.js";

export const quantizationCases = {
  DequantizeLinear: drawn((draw) => {
    const sizes = draw.shape(1, 4);
    const axis = draw.axis(sizes.length);
    const [dtype, least, most] = draw.pick(["int8", -128, 127] as const, ["uint8", 0, 255] as const);
    const slices = draw.pick([], [sizes.at(axis)!]);
    const zero: CaseInputs = draw.bool() ? { zero: draw.wholes(slices, least, most, dtype) } : {};
    return {
      inputs: { x: draw.wholes(sizes, least, most, dtype), scale: draw.floats(slices, "positive"), ...zero },
      build: ({ op }, { x, scale, zero }) => [op.dequantizeLinear(x!, scale!, zero ?? null, axis)],
      detail: { axis },
    };
  }),
} satisfies OpCases<keyof typeof quantizationShapes>;
