/**
 * @file AlexNet, from pictures [N, 3, H, W] to features [N, F]. Parameters are torchvision's.
 *
 * Wu et al. 2018 (section 4.2) train AlexNet without telling how it was adapted, and their code has residual networks
 * only. Here, as with those, the last layer of the classifier becomes the head of the embedding: `classifier.6`, which
 * stands in encoder.ts with the L2 normalization. The two hidden layers and their dropout stay.
 *
 * Source: Krizhevsky, One weird trick for parallelizing convolutional neural networks, 2014, which is the variant that
 * torchvision has: models/alexnet.py
 */

import type { Value } from "../src/ir/graph.js";
import { conv, dropout, linear, type ConvConfig, type NetworkContext } from "./layers.js";

/** Convolutions by their place in `features`; filters in units of the first one's. Pooling comes after some. */
const CONVOLUTIONS: readonly (ConvConfig & { readonly at: number; readonly pooled: boolean })[] = [
  { at: 0, filters: 1, kernel: 11, stride: 4, padding: 2, pooled: true },
  { at: 3, filters: 3, kernel: 5, padding: 2, pooled: true },
  { at: 6, filters: 6, kernel: 3, padding: 1, pooled: false },
  { at: 8, filters: 4, kernel: 3, padding: 1, pooled: false },
  { at: 10, filters: 4, kernel: 3, padding: 1, pooled: true },
];
/** Neurons of a hidden layer, in units of the first convolution's filters. */
const HIDDEN = 64;
const DROPPED = 0.5;
/** Maps are averaged to this side before the classifier. */
const POOLED_SIDE = 6;

/** The last of the poolings has one window there. */
export const ALEXNET_LEAST_IMAGE_SIZE = 63;

/**
 * @param width filters of the first convolution; 64 in the original
 * @returns features [N, 64 · width]
 */
export function alexnet(context: NetworkContext, pictures: Value, width: number): Value {
  const { builder } = context;
  const { op } = builder;
  const maps = builder.scope("features", () =>
    CONVOLUTIONS.reduce((x, { at, pooled, ...config }) => {
      const filtered = conv(context, x, String(at), {
        ...config,
        filters: config.filters * width,
        bias: true,
      });
      const active = op.relu(filtered);
      return pooled ? op.maxPool(active, { kernelShape: [3, 3], strides: [2, 2] }) : active;
    }, pictures),
  );
  const flat = builder.scope("avgpool", () => op.flatten(op.adaptiveAveragePool(maps, POOLED_SIDE)));
  return builder.scope("classifier", () => {
    const first = op.relu(linear(context, dropout(context, flat, 0, DROPPED), "1", HIDDEN * width));
    return op.relu(linear(context, dropout(context, first, 1, DROPPED), "4", HIDDEN * width));
  });
}
