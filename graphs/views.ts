/** @file What the graph of random views is made of: weights of resizing and blurring, and colours. */

import type { Value } from "../src/ir/graph.js";
import type { OpBuilder } from "../src/ops/table.js";

/** Largest value of a pixel. */
const WHITE = 255;
/** Below every difference of two colours that float32 can tell apart. */
const LEAST_CHROMA = 1e-12;
/** Below every place on the colour wheel. */
const NO_HUE = -9;
/** A distance, squared, at which no blur reaches. */
const FAR = 1e30;

const counted = <T>(length: number, at: (place: number) => T): T[] =>
  Array.from({ length }, (_, place) => at(place));

/** Cuts to [0, 1]; exact in between. */
const cut = (op: OpBuilder, x: Value): Value => op.hardSigmoid(x, 1, 0);

/** Which parts of a picture's two edges are stretched, each float32 [2, B, 1, 1]: of rows, of columns. */
interface Edges {
  readonly start: Value; // pixels
  readonly length: Value; // pixels
  /** 1, or -1 for backwards. */
  readonly direction: Value;
}

/**
 * How much each pixel of an edge counts for each pixel of the view, [2, B, imageSize, edgePixels]: the antialiased
 * triangle of src/data/resample.ts; of rows in units of white, for bytes to become 0 to 1. In units of
 * 1/(2·length·imageSize) of the crop the centre of its pixel x lies at (2x + 1)·imageSize and that of output pixel j at
 * (2j + 1)·length: whole numbers, exact up to 2^24.
 */
export function edgeWeights(
  op: OpBuilder,
  { start, length, direction }: Edges,
  edgePixels: number,
  imageSize: number,
): Value {
  const constant = (shape: number[], data: number[]) => op.constant({ dtype: "float32", shape, data });
  const pixels = constant(
    [1, edgePixels],
    counted(edgePixels, (x) => 2 * x + 1),
  );
  const outputs = constant(
    [imageSize, 1],
    counted(imageSize, (j) => 2 * j + 1 - imageSize),
  );
  const from = op.sub(pixels, op.scale(start, 2)); // [2, B, 1, edgePixels]
  const wanted = op.mul(op.add(op.mul(outputs, direction), op.scalar(imageSize)), length); // [2, B, S, 1]
  const distance = op.abs(op.sub(op.scale(from, imageSize), wanted)); // [2, B, S, edgePixels]
  // To half the triangle's base, 2·max(length, imageSize), weights fall from 1 to 0.
  const triangle = op.hardSigmoid(op.div(distance, op.max(length, op.scalar(imageSize))), -1 / 2, 1);
  // 1 or more for pixels of the crop, -1 or less for others.
  const inside = cut(op, op.sub(length, op.abs(op.sub(from, length))));
  const counts = op.mul(triangle, inside);
  const units = constant([2, 1, 1, 1], [WHITE, 1]);
  return op.div(counts, op.mul(op.reduceSum(counts, [3], true), units));
}

/**
 * own·x + mean·(mean of x over the picture), cut to [0, 1].
 * @param x [B, C, P] @param own, mean [B, C, C]
 */
export function mixColors(op: OpBuilder, x: Value, own: Value, mean: Value): Value {
  const offset = op.matMul(mean, op.reduceMean(x, [2], true)); // [B, C, 1]
  return cut(op, op.add(op.matMul(own, x), offset));
}

/**
 * Turns hues. The colour wheel has six sextants: red is full around 0, green around 2, blue around 4. A channel is full
 * up to one sextant away from its place, absent from two on, a ramp between.
 * @param x [B, 3, P], 0 to 1 @param turns [B, 1, 1], sextants
 */
export function turnHue(op: OpBuilder, x: Value, turns: Value): Value {
  const perChannel = (data: number[]) => op.constant({ dtype: "float32", shape: [3, 1], data });
  const others = (rows: number[]) => op.gather(x, op.constant({ dtype: "int64", shape: [3], data: rows }), 1);
  const value = op.reduceMax(x, [1], true); // [B, 1, P]
  const chroma = op.add(value, op.reduceMax(op.neg(x), [1], true));
  const rise = op.div(op.sub(others([1, 2, 0]), others([2, 0, 1])), op.max(chroma, op.scalar(LEAST_CHROMA)));
  // Counted from the strongest colour. Where two are the strongest both say the same, up to a turn of the wheel; gray has
  // no hue, and its chroma of 0 makes nothing of any.
  const places = op.where(op.equal(x, value), op.add(rise, perChannel([0, 2, 4])), op.scalar(NO_HUE));
  const hue = op.add(op.reduceMax(places, [1], true), turns);
  const away = op.add(hue, perChannel([0, -2, -4])); // [B, 3, P]
  // Round the wheel, 0 to 3: |3 - ||away| - 3|| up to 9 sextants. WebGPU has no Round (onnxruntime 1.29).
  const half = op.scalar(3);
  const distance = op.abs(op.sub(half, op.abs(op.sub(op.abs(away), half))));
  const absent = op.hardSigmoid(distance, 1, -1);
  return cut(op, op.sub(value, op.mul(chroma, absent)));
}

/**
 * How much each pixel of an edge counts for each other in a Gaussian blur, [B, size, size]; past its ends the edge goes on
 * mirrored, its last pixel not repeated. Source: src/data/blur.ts
 * @param slopes [B, 1, 1], -1/(2σ²)
 * @param radius pixels, below size
 */
export function blurWeights(op: OpBuilder, slopes: Value, size: number, radius: number): Value {
  const last = size - 1;
  /** Where pixel x is seen: at its place, and mirrored at both ends but for the end itself. */
  const places = [
    (x: number) => x,
    (x: number) => (x === 0 ? Infinity : -x),
    (x: number) => (x === last ? Infinity : 2 * last - x),
  ];
  const squares = places.flatMap((place) =>
    counted(size * size, (at) => {
      const distance = Math.abs(place(at % size) - Math.floor(at / size));
      return distance <= radius ? distance ** 2 : FAR;
    }),
  );
  const seen = op.constant({ dtype: "float32", shape: [places.length, 1, size, size], data: squares });
  const counts = op.reduceSum(op.exp(op.mul(seen, slopes)), [0]); // [B, size, size]
  return op.div(counts, op.reduceSum(counts, [2], true));
}
