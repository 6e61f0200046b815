/**
 * @file Convolution and its gradients by their definitions. A convolution is a list of taps: X[x] · W[w] is
 * added to Y[y]. It is linear in X and in W, so the gradients add dY[y] · W[w] to dX[x], and dY[y] · X[x] to dW[w];
 * the transposed convolution does the former with X in the place of dY.
 */

import type { Kernels } from "./kernel.js";
import { zeros, type NdArray } from "./ndArray.js";

interface Window {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
}

/** Calls `visit` with flat positions for every tap. x [N, C, H, W], w [K, C/group, kH, kW], y [N, K, H', W']. */
function eachTap(
  x: readonly number[],
  w: readonly number[],
  y: readonly number[],
  { strides, pads, dilations, group }: Window,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [batch, channels, height, width] = x as [number, number, number, number];
  const [filters, groupChannels, kernelHeight, kernelWidth] = w as [number, number, number, number];
  const [outHeight, outWidth] = y.slice(2) as [number, number];
  for (let n = 0; n < batch; n++) {
    for (let k = 0; k < filters; k++) {
      const firstChannel = Math.floor(k / (filters / group)) * groupChannels;
      for (let c = 0; c < groupChannels; c++) {
        const map = (n * channels + firstChannel + c) * height;
        for (let outRow = 0; outRow < outHeight; outRow++) {
          for (let outColumn = 0; outColumn < outWidth; outColumn++) {
            const yAt = ((n * filters + k) * outHeight + outRow) * outWidth + outColumn;
            for (let kernelRow = 0; kernelRow < kernelHeight; kernelRow++) {
              const row = outRow * strides[0]! - pads[0]! + kernelRow * dilations[0]!;
              if (row < 0 || row >= height) continue;
              for (let kernelColumn = 0; kernelColumn < kernelWidth; kernelColumn++) {
                const column = outColumn * strides[1]! - pads[1]! + kernelColumn * dilations[1]!;
                if (column < 0 || column >= width) continue;
                const wAt = ((k * groupChannels + c) * kernelHeight + kernelRow) * kernelWidth + kernelColumn;
                visit((map + row) * width + column, wAt, yAt);
              }
            }
          }
        }
      }
    }
  }
}

/** Output size along one spatial axis. */
function outputSize(size: number, kernel: number, axis: 0 | 1, { strides, pads, dilations }: Window): number {
  const free = size + pads[axis]! + pads[axis + 2]! - (dilations[axis]! * (kernel - 1) + 1);
  return Math.floor(free / strides[axis]!) + 1;
}

/** Adds dY · W to the input that each tap read. */
function spread(dY: NdArray, W: NdArray, size: readonly number[], window: Window): NdArray {
  const dX = zeros([dY.shape[0]!, W.shape[1]! * window.group, ...size]);
  eachTap(dX.shape, W.shape, dY.shape, window, (x, w, y) => {
    dX.data[x]! += dY.data[y]! * W.data[w]!;
  });
  return dX;
}

export const convolution = {
  Conv: ({ inputs: { X, W, B }, attributes }) => {
    const size = ([0, 1] as const).map((axis) =>
      outputSize(X.shape[axis + 2]!, W.shape[axis + 2]!, axis, attributes),
    );
    const Y = zeros([X.shape[0]!, W.shape[0]!, ...size]);
    const area = size[0]! * size[1]!;
    if (B) Y.data.forEach((_, at) => (Y.data[at] = B.data[Math.floor(at / area) % B.data.length]!));
    eachTap(X.shape, W.shape, Y.shape, attributes, (x, w, y) => {
      Y.data[y]! += X.data[x]! * W.data[w]!;
    });
    return { Y };
  },
  ConvTranspose: ({ inputs: { X, W }, attributes }) => {
    const { strides, pads, dilations, outputPadding } = attributes;
    const size = [0, 1].map((axis) => {
      const reached =
        strides[axis]! * (X.shape[axis + 2]! - 1) + dilations[axis]! * (W.shape[axis + 2]! - 1) + 1;
      return reached + outputPadding[axis]! - pads[axis]! - pads[axis + 2]!;
    });
    return { Y: spread(X, W, size, attributes) };
  },
  ConvInputGradient: ({ inputs: { dY, W }, attributes }) => ({
    dX: spread(dY, W, attributes.inputSize, attributes),
  }),
  ConvWeightGradient: ({ inputs: { dY, X }, attributes }) => {
    const dW = zeros([dY.shape[1]!, X.shape[1]! / attributes.group, ...attributes.kernelShape]);
    eachTap(X.shape, dW.shape, dY.shape, attributes, (x, w, y) => {
      dW.data[w]! += dY.data[y]! * X.data[x]!;
    });
    return { dW };
  },
} satisfies Kernels<"Conv" | "ConvTranspose" | "ConvInputGradient" | "ConvWeightGradient">;
