/** @file Poolings and their gradients: each output sees a list of input positions, in row-major order. */

import type { Kernels } from "./kernel.js";
import { zeros, type NdArray } from "./ndArray.js";

interface Window {
  readonly kernelShape: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations?: readonly number[];
}

/** Rows (or columns) of the input under the window at `out`; those in the padding are left out. */
function covered(
  out: number,
  size: number,
  axis: 0 | 1,
  { kernelShape, strides, pads, dilations }: Window,
): number[] {
  const first = out * strides[axis]! - pads[axis]!;
  return Array.from({ length: kernelShape[axis]! }, (_, at) => first + at * (dilations?.[axis] ?? 1)).filter(
    (row) => row >= 0 && row < size,
  );
}

function pooledShape(x: readonly number[], { kernelShape, strides, pads, dilations }: Window): number[] {
  const size = [0, 1].map((axis) => {
    const reach = (dilations?.[axis] ?? 1) * (kernelShape[axis]! - 1) + 1;
    return Math.floor((x[axis + 2]! + pads[axis]! + pads[axis + 2]! - reach) / strides[axis]!) + 1;
  });
  return [x[0]!, x[1]!, ...size];
}

function eachWindow(
  x: readonly number[],
  window: Window,
  visit: (positions: number[], out: number) => void,
): number[] {
  const shape = pooledShape(x, window);
  const [maps, height, width] = [x[0]! * x[1]!, x[2]!, x[3]!];
  let out = 0;
  for (let map = 0; map < maps; map++) {
    for (let outRow = 0; outRow < shape[2]!; outRow++) {
      const rows = covered(outRow, height, 0, window);
      for (let outColumn = 0; outColumn < shape[3]!; outColumn++) {
        const columns = covered(outColumn, width, 1, window);
        visit(
          rows.flatMap((row) => columns.map((column) => (map * height + row) * width + column)),
          out++,
        );
      }
    }
  }
  return shape;
}

/** For each window, the position of its first maximum. */
function firstMaxima(X: NdArray, window: Window): NdArray {
  const found: number[] = [];
  const shape = eachWindow(X.shape, window, (positions) => {
    found.push(positions.reduce((best, position) => (X.data[position]! > X.data[best]! ? position : best)));
  });
  return { shape, data: Float64Array.from(found) };
}

/** What a mean divides by: the whole kernel, or the inputs that it covers. */
const divisor = (
  positions: readonly number[],
  { kernelShape, countIncludePad }: Window & { countIncludePad: number },
) => (countIncludePad ? kernelShape[0]! * kernelShape[1]! : positions.length);

export const pooling = {
  MaxPool: ({ inputs: { X }, attributes }) => {
    const Indices = firstMaxima(X, attributes);
    return {
      Y: { shape: [...Indices.shape], data: Indices.data.map((position) => X.data[position]!) },
      Indices,
    };
  },
  MaxPoolGradient: ({ inputs: { dY, X }, attributes }) => {
    const dX = zeros(X.shape);
    firstMaxima(X, attributes).data.forEach((position, out) => (dX.data[position]! += dY.data[out]!));
    return { dX };
  },
  AveragePool: ({ inputs: { X }, attributes }) => {
    const means: number[] = [];
    const shape = eachWindow(X.shape, attributes, (positions) => {
      const sum = positions.reduce((total, position) => total + X.data[position]!, 0);
      means.push(sum / divisor(positions, attributes));
    });
    return { Y: { shape, data: Float64Array.from(means) } };
  },
  AveragePoolGradient: ({ inputs: { dY }, attributes }) => {
    const dX = zeros([...dY.shape.slice(0, 2), ...attributes.inputSize]);
    eachWindow(dX.shape, attributes, (positions, out) => {
      for (const position of positions) dX.data[position]! += dY.data[out]! / divisor(positions, attributes);
    });
    return { dX };
  },
  GlobalAveragePool: ({ inputs: { X } }) => {
    const [batch, channels, height, width] = X.shape as [number, number, number, number];
    const Y = zeros([batch, channels, 1, 1]);
    X.data.forEach(
      (x, position) => (Y.data[Math.floor(position / (height * width))]! += x / (height * width)),
    );
    return { Y };
  },
} satisfies Kernels<
  "MaxPool" | "MaxPoolGradient" | "AveragePool" | "AveragePoolGradient" | "GlobalAveragePool"
>;
