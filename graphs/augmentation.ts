/**
 * @file Random views of a batch's pictures, cut out of a whole data set that lies where the provider computes. What is
 * drawn comes in as some numbers a picture, so that a view is the same wherever it is computed: that of
 * src/data/transform.ts within a thousandth of 1/255 before normalization; where the provider multiplies matrices in
 * TF32, within 2/255.
 *
 * | input       | dtype, shape              | what                                                                    |
 * |-------------|---------------------------|-------------------------------------------------------------------------|
 * | pictures    | uint8 [n, C, H, W]        | the data set: C 3, or 1 where all of it is gray                         |
 * | rows        | int64 [B]                 | which pictures                                                          |
 * | crops       | float32 [3, 2, B, 1, 1]   | start and length in pixels; 1, or -1 for a flip: of rows, of columns    |
 * | mixes       | float32 [2·N, B, C, C]    | for each mix: what the colours are multiplied by, and what their mean   |
 * | hue_turns   | float32 [B, 1, 1]         | sextants of the colour wheel, -3 to 3                                   |
 * | blur_slopes | float32 [B, 1, 1]         | -1/(2σ²), 1/pixels²                                                     |
 *
 * Brightness, contrast, saturation and gray are all mixes, cut to [0, 1]: M·x + R·(mean of x over the picture). M = 1 and
 * R = 0 change nothing. Those that a view makes before its hue is turned come before, the others after: N is beforeHue +
 * afterHue. Without mixes, hue or blur the graph has not these inputs.
 */

import type { Graph, Value } from "../src/ir/graph.js";
import { GraphBuilder } from "../src/ops/builder.js";
import type { OpBuilder } from "../src/ops/table.js";
import { blurWeights, edgeWeights, mixColors, turnHue } from "./views.js";

export interface AugmentationConfig {
  readonly batchSize: number;
  /** Of every picture of the data set. */
  readonly channels: 1 | 3;
  readonly height: number; // pixels
  readonly width: number; // pixels
  /** Height and width of a view, pixels. */
  readonly imageSize: number;
  /** How many mixes there is room for. */
  readonly beforeHue: number;
  readonly afterHue: number;
  /** Whether hues are turned; of 3 channels only. */
  readonly hue: boolean;
  /** Pixels that the blur reaches to each side, below imageSize; null: nothing is blurred. */
  readonly blurRadius: number | null;
  /** Of values from 0 to 1, per channel. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The inputs above → `pixel_values` float32 [B, 3, imageSize, imageSize]. */
export function augmentationGraph(config: AugmentationConfig): Graph {
  const { batchSize, channels, height, width, imageSize, beforeHue, afterHue } = config;
  const builder = new GraphBuilder("augmentation");
  const { op } = builder;
  const pictures = builder.input("pictures", "uint8", ["instances", channels, height, width]);
  const rows = builder.input("rows", "int64", [batchSize]);
  const crops = builder.input("crops", "float32", [3, 2, batchSize, 1, 1]);
  const mixes = beforeHue + afterHue;
  const matrices =
    mixes > 0 ? builder.input("mixes", "float32", [2 * mixes, batchSize, channels, channels]) : null;

  const chosen = op.cast(op.gather(pictures, rows), "float32"); // [B, C, H, W]
  let seen = builder.scope("crop", () => cutOut(op, chosen, crops, config)); // [B, C, S·S]
  const mix = (first: number, end: number): void => {
    for (let at = first; at < end; at++) {
      const [own, mean] = [taken(op, matrices!, 2 * at), taken(op, matrices!, 2 * at + 1)];
      seen = builder.scope("mix", () => mixColors(op, seen, own, mean));
    }
  };
  mix(0, beforeHue);
  if (config.hue) {
    const turns = builder.input("hue_turns", "float32", [batchSize, 1, 1]);
    seen = builder.scope("hue", () => turnHue(op, seen, turns));
  }
  mix(beforeHue, mixes);
  if (config.blurRadius !== null) {
    const slopes = builder.input("blur_slopes", "float32", [batchSize, 1, 1]);
    const weights = builder.scope("blur", () => blurWeights(op, slopes, imageSize, config.blurRadius!));
    seen = builder.scope("blur", () => blur(op, seen, weights));
  }
  const normalized = builder.scope("normalize", () => normalize(op, seen, config)); // [B, 3, S·S]
  builder.output("pixel_values", op.reshape(normalized, [batchSize, 3, imageSize, imageSize]));
  return builder.build();
}

const taken = (op: OpBuilder, values: Value, at: number): Value => op.gather(values, op.scalar(at, "int64"));

/** Crop, resize and flip: two products with matrices, one for each axis. @returns [B, C, S·S], 0 to 1 */
function cutOut(
  op: OpBuilder,
  pictures: Value,
  crops: Value,
  { batchSize, channels, height, width, imageSize }: AugmentationConfig,
): Value {
  const edgePixels = Math.max(height, width);
  const [start, length, direction] = [0, 1, 2].map((at) => taken(op, crops, at)) as [Value, Value, Value];
  const both = edgeWeights(op, { start, length, direction }, edgePixels, imageSize);
  const [down, across] = [height, width].map((pixels, axis) => {
    const weights = taken(op, both, axis); // [B, S, edgePixels]
    return pixels === edgePixels ? weights : op.slice(weights, [{ axis: 2, start: 0, end: pixels }]);
  }) as [Value, Value];
  const low = op.matMul(op.unsqueeze(down, [1]), pictures); // [B, C, S, W]
  const lines = op.reshape(low, [batchSize, channels * imageSize, width]);
  const small = op.matMul(lines, op.transpose(across, [0, 2, 1])); // [B, C·S, S]
  return op.reshape(small, [batchSize, channels, imageSize * imageSize]);
}

/** @param weights [B, S, S], of one axis */
function blur(op: OpBuilder, seen: Value, weights: Value): Value {
  const [batchSize, channels] = seen.shape as [number, number];
  const size = weights.shape[1] as number;
  const maps = op.reshape(seen, [batchSize, channels, size, size]);
  const lines = op.reshape(op.matMul(op.unsqueeze(weights, [1]), maps), [batchSize, channels * size, size]);
  return op.reshapeLike(op.matMul(lines, op.transpose(weights, [0, 2, 1])), seen);
}

/** A gray picture becomes three equal channels first. */
function normalize(op: OpBuilder, seen: Value, { mean, std }: AugmentationConfig): Value {
  const perChannel = (data: readonly number[]) => op.constant({ dtype: "float32", shape: [3, 1], data });
  return op.div(op.sub(seen, perChannel(mean)), perChannel(std));
}
