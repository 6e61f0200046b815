/** @file Numbers kept in 8 bits. */

import type { Kernels } from "./kernel.js";
import { axisOf, elementOf, tabulate } from "./ndArray.js";

export const quantization = {
  DequantizeLinear: ({ inputs: { x, x_scale: scale, x_zero_point: zero }, attributes }) => {
    const axis = axisOf(attributes.axis, x.shape.length);
    return {
      y: tabulate(x.shape, (at) => {
        const slice = scale.shape.length === 0 ? 0 : at[axis]!;
        return (elementOf(x, at) - (zero?.data[slice] ?? 0)) * scale.data[slice]!;
      }),
    };
  },
} satisfies Kernels<"DequantizeLinear">;
