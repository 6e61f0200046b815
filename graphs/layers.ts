/** @file Layers with parameters, named and shaped as torch.nn's, so that weights move both ways. */

import { ShapeError } from "../src/errors.js";
import type { Initial, Value } from "../src/ir/graph.js";
import { elementCount, isStatic, showShape } from "../src/ir/shape.js";
import type { GraphBuilder } from "../src/ops/builder.js";
import { nextName } from "./names.js";

/**
 * Where a network is built, and the statistics that batch normalization uses: those of the batch, which update
 * the running ones ("train"); those of the batch alone ("batch"); the running ones ("eval").
 */
export interface NetworkContext {
  readonly builder: GraphBuilder;
  readonly mode: "train" | "batch" | "eval";
}

const BN_EPSILON = 1e-5;
const BN_MOMENTUM = 0.1;

/** torch.nn's default for convolutions and linear layers: uniform in ±1/√fanIn. */
const uniformByFanIn = (fanIn: number): Initial => ({ kind: "uniform", bound: 1 / Math.sqrt(fanIn) });

export interface ConvConfig {
  readonly filters: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
}

function channelsOf(x: Value): number {
  const channels = x.shape[1];
  if (typeof channels === "number") return channels;
  throw new ShapeError(`layer: input ${x.name} is ${showShape(x.shape)}, expected a size on axis 1`);
}

/** Convolution without bias, [N, C, H, W] → [N, filters, H', W']; parameter `weight`. */
export function conv({ builder }: NetworkContext, x: Value, name: string, config: ConvConfig): Value {
  const { filters, kernel, stride = 1, padding = 0 } = config;
  return builder.scope(name, () => {
    const shape = [filters, channelsOf(x), kernel, kernel];
    const weight = builder.parameter("weight", shape, uniformByFanIn(elementCount(shape.slice(1))));
    return builder.op.conv(x, weight, {
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    });
  });
}

/** [N, F] → [N, features]; parameters `weight` [features, F] and `bias`. */
export function linear({ builder }: NetworkContext, x: Value, name: string, features: number): Value {
  return builder.scope(name, () => {
    const fanIn = channelsOf(x);
    const weight = builder.parameter("weight", [features, fanIn], uniformByFanIn(fanIn));
    const bias = builder.parameter("bias", [features], uniformByFanIn(fanIn));
    return builder.op.gemm(x, weight, bias, { transB: 1 });
  });
}

/**
 * Batch normalization with parameters `weight` and `bias` and statistics `running_mean` and `running_var`, [C] each.
 * In training the statistics of the batch are used, and running ← 0.9·running + 0.1·batch leaves as an output,
 * with the unbiased variance.
 * Source: torch.nn.BatchNorm2d
 */
export function batchNorm({ builder, mode }: NetworkContext, x: Value, name: string): Value {
  return builder.scope(name, () => {
    const shape = [channelsOf(x)];
    const constant = (value: number): Initial => ({ kind: "constant", value });
    const scale = builder.parameter("weight", shape, constant(1));
    const bias = builder.parameter("bias", shape, constant(0));
    const { op } = builder;
    if (mode === "batch") return op.batchNormalizationTraining(x, scale, bias, BN_EPSILON).Y;

    const mean = builder.parameter("running_mean", shape, constant(0), false);
    const variance = builder.parameter("running_var", shape, constant(1), false);
    if (mode === "eval") return op.batchNormalization(x, { scale, bias, mean, variance }, BN_EPSILON);

    const batch = op.batchNormalizationTraining(x, scale, bias, BN_EPSILON);
    const count = pixelsPerChannel(x);
    const follow = (running: Value, current: Value, factor: number) =>
      op.add(op.scale(running, 1 - BN_MOMENTUM), op.scale(current, BN_MOMENTUM * factor));
    builder.output(nextName(mean.name), follow(mean, batch.mean, 1));
    builder.output(nextName(variance.name), follow(variance, batch.var, count / (count - 1)));
    return batch.Y;
  });
}

/** Numbers that a channel has in the batch. */
function pixelsPerChannel(x: Value): number {
  const others = x.shape.filter((_, axis) => axis !== 1);
  const count = isStatic(others) ? elementCount(others) : 0;
  if (count > 1) return count;
  throw new ShapeError(
    `batch normalization: ${x.name} is ${showShape(x.shape)}, expected at least 2 numbers per channel, known while building; ` +
      "raise the batch size or the image size",
  );
}
