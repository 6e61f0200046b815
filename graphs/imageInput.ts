/**
 * @file From raw pixels of any size to what an encoder takes: shorter edge resized with antialiasing, centre cut out,
 * normalized. The same numbers as src/data/transform.ts, as a graph.
 *
 * Resizing and cropping are products with two matrices, as wide as the picture is, made while the graph runs. ONNX's
 * Resize would say it in one node, but WebGPU's kernel knows no antialiasing (onnxruntime 1.29), and it would resize what
 * the crop then throws away.
 */

import type { Value } from "../src/ir/graph.js";
import type { GraphBuilder } from "../src/ops/builder.js";
import type { OpBuilder } from "../src/ops/table.js";

export interface ImageInputConfig {
  /** Height and width of the result, pixels. */
  readonly imageSize: number;
  /** The shorter edge before the crop, pixels, at least imageSize. */
  readonly resize: number;
  /** Of values from 0 to 1, per channel. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** Largest value of a pixel. */
const WHITE = 255;

/**
 * @param image [height, width, 3] uint8: red, green, blue
 * @returns [1, 3, imageSize, imageSize] float32
 */
export function imageInput(builder: GraphBuilder, image: Value, config: ImageInputConfig): Value {
  const { op } = builder;
  const { imageSize, resize, mean, std } = config;
  const lengthOf = (axis: number) => op.gather(op.shapeOf(image), op.scalar(axis, "int64"));
  const [height, width] = [lengthOf(0), lengthOf(1)];
  const rows = edgeWeights(op, {
    length: height,
    resized: resizedEdge(op, height, width, resize),
    imageSize,
  });
  const columns = edgeWeights(op, {
    length: width,
    resized: resizedEdge(op, width, height, resize),
    imageSize,
  });

  const planes = op.transpose(op.cast(image, "float32"), [2, 0, 1]); // [3, height, width]
  const low = op.matMul(rows, planes); // [3, imageSize, width]
  const small = op.matMul(low, op.transpose(columns, [1, 0])); // [3, imageSize, imageSize]
  const perChannel = (data: number[]) => op.constant({ dtype: "float32", shape: [3, 1, 1], data });
  const centred = op.sub(small, perChannel(mean.map((value) => value * WHITE)));
  return op.unsqueeze(op.div(centred, perChannel(std.map((value) => value * WHITE))), [0]);
}

/**
 * What `edge` becomes when the shorter of the two is resized to `shortEdge`, int64: that, or ⌊shortEdge·edge / other⌋,
 * which is the larger just where `edge` is.
 */
function resizedEdge(op: OpBuilder, edge: Value, other: Value, shortEdge: number): Value {
  const short = op.scalar(shortEdge, "int64");
  return op.max(short, op.div(op.mul(short, edge), other));
}

interface Edge {
  /** Pixels before and after resizing, int64 []. */
  readonly length: Value;
  readonly resized: Value;
  /** Pixels that the centred crop keeps. */
  readonly imageSize: number;
}

/**
 * How much each pixel of an edge counts for each that the crop keeps, [imageSize, length]: a triangle around its centre
 * that reaches one pixel of the smaller of the two sizes to each side. In units of 1/(2·length·resized) of the edge, the
 * centre of pixel x lies at (2x + 1)·resized and that of output pixel j at (2j + 1)·length: whole numbers, exact up to 2^24.
 */
function edgeWeights(op: OpBuilder, { length, resized, imageSize }: Edge): Value {
  const [from, to] = [op.cast(length, "float32"), op.cast(resized, "float32")];
  const size = op.scalar(imageSize);
  const first = op.round(op.scale(op.sub(to, size), 0.5)); // halves to even, as in src/data/crop.ts
  const kept = Array.from({ length: imageSize }, (_, at) => at);
  const wanted = op.add(op.constant({ dtype: "float32", shape: [imageSize, 1], data: kept }), first);
  const pixels = op.unsqueeze(op.cast(op.range(length), "float32"), [0]); // [1, length]
  const centre = (position: Value, unit: Value) => op.mul(op.add(op.scale(position, 2), op.scalar(1)), unit);
  const distance = op.abs(op.sub(centre(pixels, to), centre(wanted, from))); // [imageSize, length]
  const reach = op.scale(op.max(from, to), 2);
  const triangle = op.max(op.sub(op.scalar(1), op.div(distance, reach)), op.scalar(0));
  return op.div(triangle, op.reduceSum(triangle, [1], true));
}
