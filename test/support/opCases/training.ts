/** @file Cases of operators of on-device training. What they write in place is tested in the runtime that has them. */

import type { trainingShapes } from "../../../src/ops/training.js";
import { drawn, type CaseInputs, type OpCases } from "./opCase.js";

export const trainingCases = {
  InPlaceAccumulatorV2: drawn((draw) => {
    const sizes = draw.shape(0, 4);
    const flag: CaseInputs = draw.bool() ? { overwrite: draw.wholes([1], 0, 1, "bool") } : {};
    return {
      inputs: { buffer: draw.floats(sizes), value: draw.floats(sizes), ...flag },
      build: ({ op }, { buffer, value, overwrite }) => [
        op.accumulateInPlace(buffer!, value!, overwrite ?? null),
      ],
    };
  }),
} satisfies OpCases<keyof typeof trainingShapes>;
