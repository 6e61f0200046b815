/** @file Cases of batch normalization. */

import type { normalizationShapes } from "../../../src/ops/normalization.js";
import { ndArray } from "../reference/ndArray.js";
import { normalization } from "../reference/normalization.js";
import { named, type Draw } from "./draw.js";
import { drawn, type CaseInput, type OpCases } from "./opCase.js";

const EPSILONS = [1e-5, 0.1] as const;

/** x [N, C, ...] with at least two different numbers in each channel. */
function pictures(draw: Draw): { X: CaseInput; channels: number[] } {
  const sizes = [draw.int(2, 3), ...draw.shape(1, 3)];
  return { X: draw.distinctFloats(sizes)[0]!, channels: [sizes[1]!] };
}

export const normalizationCases = {
  BatchNormalization: drawn((draw) => {
    const { X, channels } = pictures(draw);
    const epsilon = draw.pick(...EPSILONS);
    return {
      inputs: {
        X: draw.batched(X),
        scale: draw.floats(channels),
        bias: draw.floats(channels),
        mean: draw.floats(channels),
        variance: draw.floats(channels, "positive"),
      },
      build: ({ op }, { X, scale, bias, mean, variance }) => [
        op.batchNormalization(X!, { scale: scale!, bias: bias!, mean: mean!, variance: variance! }, epsilon),
      ],
      detail: { epsilon },
    };
  }),
  BatchNormalizationTraining: drawn((draw) => {
    const { X, channels } = pictures(draw);
    const epsilon = draw.pick(...EPSILONS);
    return {
      inputs: { X: draw.batched(X), scale: draw.floats(channels), bias: draw.floats(channels) },
      build: ({ op }, { X, scale, bias }) => {
        const { Y, mean, var: variance } = op.batchNormalizationTraining(X!, scale!, bias!, epsilon);
        return [Y, mean, variance];
      },
      detail: { epsilon },
    };
  }),
  BatchNormalizationGradient: drawn((draw) => {
    const { X, channels } = pictures(draw);
    const epsilon = draw.pick(...EPSILONS);
    const scale = draw.floats(channels);
    const B = ndArray(channels, new Float64Array(channels[0]!));
    const { mean, var: variance } = normalization.BatchNormalizationTraining({
      inputs: { X: X.value, scale: scale.value, B },
      attributes: { epsilon },
      dtype: "float32",
    });
    const dY = draw.floats(X.value.shape);
    const name = draw.bool();
    return {
      inputs: {
        dY: name ? named(dY) : dY,
        X: name ? named(X) : X,
        scale,
        mean: { dtype: "float32", shape: channels, value: mean },
        variance: { dtype: "float32", shape: channels, value: variance },
      },
      build: ({ op }, { dY, X, scale, mean, variance }) => {
        const statistics = { scale: scale!, mean: mean!, variance: variance! };
        const { dX, dScale, dB } = op.batchNormalizationGradient(dY!, X!, statistics, epsilon);
        return [dX, dScale, dB];
      },
      detail: { epsilon },
    };
  }),
} satisfies OpCases<keyof typeof normalizationShapes>;
