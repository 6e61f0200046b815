/**
 * @file VGG-16 with and without batch normalization, from pictures [N, 3, H, W] to features [N, F]. Parameters are
 * torchvision's.
 *
 * Wu et al. 2018 (section 4.2) train VGG-16 without telling how it was adapted, and their code has residual networks
 * only. Here, as with those, the last layer of the classifier becomes the head of the embedding: `classifier.6`, which
 * stands in encoder.ts with the L2 normalization. The two hidden layers and their dropout stay.
 *
 * Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015,
 * configuration D; the initial weights are torchvision's: models/vgg.py
 */

import type { Value } from "../src/ir/graph.js";
import {
  batchNorm,
  conv,
  dropout,
  heFanOut,
  linear,
  normalWeights,
  type LayerInitials,
  type NetworkContext,
} from "./layers.js";

export interface VggConfig {
  readonly batchNorm: boolean;
  /** Filters of the first convolution; 64 in the original. */
  readonly width: number;
}

/** Filters of the convolutions of each stage, in units of the first one's. Pooling ends a stage. */
const STAGES = [
  [1, 1],
  [2, 2],
  [4, 4, 4],
  [8, 8, 8],
  [8, 8, 8],
] as const;
/** Neurons of a hidden layer, in units of the first convolution's filters. */
const HIDDEN = 64;
const DROPPED = 0.5;
/** Maps are averaged to this side before the classifier. */
const POOLED_SIDE = 7;

/** Times that height and width are halved on the way. */
export const VGG_HALVINGS = STAGES.length;

export const VGG_INITIALS: LayerInitials = { conv: heFanOut, linear: normalWeights(0.01) };

/** @returns features [N, 64 · width] */
export function vgg(context: NetworkContext, pictures: Value, config: VggConfig): Value {
  const { builder } = context;
  const { op } = builder;
  const maps = builder.scope("features", () => features(context, pictures, config));
  const flat = builder.scope("avgpool", () => op.flatten(op.adaptiveAveragePool(maps, POOLED_SIDE)));
  return builder.scope("classifier", () => {
    const first = op.relu(linear(context, flat, "0", HIDDEN * config.width));
    const second = linear(context, dropout(context, first, 0, DROPPED), "3", HIDDEN * config.width);
    return dropout(context, op.relu(second), 1, DROPPED);
  });
}

/** Layers are numbered as in torchvision, where ReLUs and poolings count too. */
function features(context: NetworkContext, pictures: Value, { batchNorm: normed, width }: VggConfig): Value {
  const { op } = context.builder;
  let x = pictures;
  let at = 0;
  for (const stage of STAGES) {
    for (const filters of stage) {
      x = conv(context, x, String(at++), { filters: filters * width, kernel: 3, padding: 1, bias: true });
      if (normed) x = batchNorm(context, x, String(at++));
      x = op.relu(x);
      at++;
    }
    x = op.maxPool(x, { kernelShape: [2, 2], strides: [2, 2] });
    at++;
  }
  return x;
}
