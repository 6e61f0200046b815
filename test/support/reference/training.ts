/** @file Operators of on-device training. The interpreter has no buffers to write to: only the flag is left. */

import type { Kernels } from "./kernel.js";
import { ndArray } from "./ndArray.js";

export const training = {
  InPlaceAccumulatorV2: () => ({ updated_flag: ndArray([1], [1]) }),
} satisfies Kernels<"InPlaceAccumulatorV2">;
