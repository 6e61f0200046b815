/** @file Layers with parameters, named and shaped as torch.nn's, so that weights move both ways. */

import { ShapeError } from "../src/errors.js";
import type { Initial, Value } from "../src/ir/graph.js";
import { elementCount, isStatic, showShape } from "../src/ir/shape.js";
import type { GraphBuilder } from "../src/ops/builder.js";
import { dropoutNoiseName, nextName } from "./names.js";

/**
 * Where a network is built, and the statistics that batch normalization uses: those of the batch, which update
 * the running ones ("train"); those of the batch alone ("batch"); the running ones ("eval"). Dropout drops in
 * "train" only.
 */
export interface NetworkContext {
  readonly builder: GraphBuilder;
  readonly mode: "train" | "batch" | "eval";
  /** How weights and biases start; torch.nn's defaults where it says nothing. */
  readonly initial?: LayerInitials;
}

/** Weights [out, in, ...kernel], biases [out]. */
export interface LayerInitials {
  readonly conv?: (weight: readonly number[]) => LayerInitial;
  readonly linear?: (weight: readonly number[]) => LayerInitial;
}

export interface LayerInitial {
  readonly weight: Initial;
  readonly bias: Initial;
}

const BN_EPSILON = 1e-5;
const BN_MOMENTUM = 0.1;

const constant = (value: number): Initial => ({ kind: "constant", value });

/** torch.nn's default for convolutions and linear layers: weights and biases uniform in ±1/√fanIn. */
function uniformByFanIn(weight: readonly number[]): LayerInitial {
  const initial: Initial = { kind: "uniform", bound: 1 / Math.sqrt(elementCount(weight.slice(1))) };
  return { weight: initial, bias: initial };
}

/**
 * Weights normal with variance 2/fanOut, biases 0: keeps the size of gradients through convolutions and ReLUs.
 * Source: He et al., Delving Deep into Rectifiers, ICCV 2015; torch.nn.init.kaiming_normal_, mode fan_out
 */
export function heFanOut([filters, , ...kernel]: readonly number[]): LayerInitial {
  const std = Math.sqrt(2 / (filters! * elementCount(kernel)));
  return { weight: { kind: "normal", std }, bias: constant(0) };
}

/** Weights normal with that standard deviation, biases 0. */
export const normalWeights = (std: number) => (): LayerInitial => ({
  weight: { kind: "normal", std },
  bias: constant(0),
});

export interface ConvConfig {
  readonly filters: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  /** false where batch normalization follows, which has its own. */
  readonly bias?: boolean;
}

function channelsOf(x: Value): number {
  const channels = x.shape[1];
  if (typeof channels === "number") return channels;
  throw new ShapeError(`layer: input ${x.name} is ${showShape(x.shape)}, expected a size on axis 1`);
}

/** [N, C, H, W] → [N, filters, H', W']; parameters `weight` and, if asked for, `bias`. */
export function conv(
  { builder, initial }: NetworkContext,
  x: Value,
  name: string,
  config: ConvConfig,
): Value {
  const { filters, kernel, stride = 1, padding = 0, bias = false } = config;
  return builder.scope(name, () => {
    const shape = [filters, channelsOf(x), kernel, kernel];
    const start = (initial?.conv ?? uniformByFanIn)(shape);
    const weight = builder.parameter("weight", shape, start.weight);
    return builder.op.conv(
      x,
      weight,
      { strides: [stride, stride], pads: [padding, padding, padding, padding] },
      bias ? builder.parameter("bias", [filters], start.bias) : null,
    );
  });
}

/** [N, F] → [N, features]; parameters `weight` [features, F] and `bias`. */
export function linear(
  { builder, initial }: NetworkContext,
  x: Value,
  name: string,
  features: number,
): Value {
  return builder.scope(name, () => {
    const shape = [features, channelsOf(x)];
    const start = (initial?.linear ?? uniformByFanIn)(shape);
    const weight = builder.parameter("weight", shape, start.weight);
    const bias = builder.parameter("bias", [features], start.bias);
    return builder.op.gemm(x, weight, bias, { transB: 1 });
  });
}

/**
 * Dropout, whose noise the host feeds at every step as the input `dropout_noise.<ordinal>`, uniform in [0, 1) and of
 * the shape of x. Outside of training x itself.
 * @param ordinal which dropout of the network this is, from 0
 * @param ratio share that is dropped, in [0, 1)
 */
export function dropout({ builder, mode }: NetworkContext, x: Value, ordinal: number, ratio: number): Value {
  if (mode !== "train") return x;
  const noise = builder.input(dropoutNoiseName(ordinal), x.dtype, x.shape);
  return builder.scope("dropout", () => builder.op.dropout(x, noise, ratio));
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
