/** @file Batch normalization, per channel of [N, C, ...]. */

import type { Kernels } from "./kernel.js";
import { ndArray, zeros, type NdArray } from "./ndArray.js";

/** For each channel, its positions in x. */
function channelPositions(x: NdArray): number[][] {
  const channels = x.shape[1]!;
  const area = x.data.length / (x.shape[0]! * channels);
  const lists = Array.from({ length: channels }, (): number[] => []);
  x.data.forEach((_, position) => lists[Math.floor(position / area) % channels]!.push(position));
  return lists;
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

interface Statistics {
  readonly scale: NdArray;
  readonly B: NdArray;
  readonly mean: NdArray;
  readonly var: NdArray;
}

function normalize(x: NdArray, { scale, B, mean, var: variance }: Statistics, epsilon: number): NdArray {
  const Y = zeros(x.shape);
  channelPositions(x).forEach((positions, c) => {
    for (const position of positions) {
      const xHat = (x.data[position]! - mean.data[c]!) / Math.sqrt(variance.data[c]! + epsilon);
      Y.data[position] = xHat * scale.data[c]! + B.data[c]!;
    }
  });
  return Y;
}

export const normalization = {
  BatchNormalization: ({ inputs: { X, ...statistics }, attributes }) => ({
    Y: normalize(X, statistics, attributes.epsilon),
  }),
  BatchNormalizationTraining: ({ inputs: { X, scale, B }, attributes }) => {
    const samples = channelPositions(X).map((positions) => positions.map((position) => X.data[position]!));
    const means = samples.map(mean);
    const variances = samples.map((numbers, c) => mean(numbers.map((x) => (x - means[c]!) ** 2)));
    const statistics = { mean: ndArray([means.length], means), var: ndArray([means.length], variances) };
    return { Y: normalize(X, { scale, B, ...statistics }, attributes.epsilon), ...statistics };
  },
  /** Source: Ioffe & Szegedy 2015, the six equations at the end of section 3. */
  BatchNormalizationGradient: ({
    inputs: { dY, X, scale, mean, var: variance },
    attributes: { epsilon },
  }) => {
    const dX = zeros(X.shape);
    const dScale = zeros(scale.shape);
    const dB = zeros(scale.shape);
    channelPositions(X).forEach((positions, c) => {
      const m = positions.length;
      const sum = (f: (position: number) => number) =>
        positions.reduce((total, position) => total + f(position), 0);
      const centred = (position: number) => X.data[position]! - mean.data[c]!;
      const dXHat = (position: number) => dY.data[position]! * scale.data[c]!;
      const deviation = Math.sqrt(variance.data[c]! + epsilon);
      const dVariance = sum((i) => dXHat(i) * centred(i)) * -0.5 * deviation ** -3;
      const dMean = sum(dXHat) * (-1 / deviation) + (dVariance * sum((i) => -2 * centred(i))) / m;
      for (const i of positions)
        dX.data[i] = dXHat(i) / deviation + (dVariance * 2 * centred(i)) / m + dMean / m;
      dScale.data[c] = sum((i) => (dY.data[i]! * centred(i)) / deviation);
      dB.data[c] = sum((i) => dY.data[i]!);
    });
    return { dX, dScale, dB };
  },
} satisfies Kernels<"BatchNormalization" | "BatchNormalizationTraining" | "BatchNormalizationGradient">;
