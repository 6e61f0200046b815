/**
 * @file Residual networks, from pictures [N, 3, H, W] to pooled features [N, F]. Parameters are torchvision's.
 * Source: He et al., Deep Residual Learning for Image Recognition, CVPR 2016; the CIFAR stem (3×3, stride 1, no
 * max pooling) is that of the authors' code for Wu et al. 2018. So are the initial weights: He's for the ImageNet stem,
 * as in torchvision, and torch.nn's defaults for the CIFAR stem.
 */

import type { Value } from "../src/ir/graph.js";
import { batchNorm, conv, heFanOut, type LayerInitials, type NetworkContext } from "./layers.js";

export const RESNET_STEMS = ["cifar", "imagenet"] as const;

export interface ResnetConfig {
  /** Residual blocks in each of the four stages. */
  readonly blocks: readonly [number, number, number, number];
  readonly block: "basic" | "bottleneck";
  readonly stem: (typeof RESNET_STEMS)[number];
  /** Channels of the first stage; each further stage doubles them. */
  readonly width: number;
}

/** Output channels of a block, in units of its inner channels. */
const EXPANSION = { basic: 1, bottleneck: 4 } as const;

/** Times that height and width are halved on the way, by stem. */
export const RESNET_HALVINGS = { cifar: 3, imagenet: 5 } as const;

export const RESNET_INITIALS: Readonly<Record<ResnetConfig["stem"], LayerInitials>> = {
  cifar: {},
  imagenet: { conv: heFanOut },
};

/** @returns features [N, width · 8 · expansion] */
export function resnet(context: NetworkContext, pictures: Value, config: ResnetConfig): Value {
  const { builder } = context;
  let x = stem(context, pictures, config);
  config.blocks.forEach((count, stage) => {
    const channels = config.width * 2 ** stage;
    builder.scope(`layer${stage + 1}`, () => {
      for (let at = 0; at < count; at++) {
        const stride = stage > 0 && at === 0 ? 2 : 1;
        x = builder.scope(String(at), () => residual(context, x, channels, stride, config.block));
      }
    });
  });
  return builder.scope("avgpool", () => builder.op.flatten(builder.op.globalAveragePool(x)));
}

function stem(context: NetworkContext, pictures: Value, { stem: kind, width }: ResnetConfig): Value {
  const { op } = context.builder;
  const shape = kind === "cifar" ? { kernel: 3, padding: 1 } : { kernel: 7, stride: 2, padding: 3 };
  const x = op.relu(
    batchNorm(context, conv(context, pictures, "conv1", { filters: width, ...shape }), "bn1"),
  );
  if (kind === "cifar") return x;
  return op.maxPool(x, { kernelShape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
}

function residual(
  context: NetworkContext,
  x: Value,
  channels: number,
  stride: number,
  block: ResnetConfig["block"],
): Value {
  const { op } = context.builder;
  const width = channels * EXPANSION[block];
  const branch =
    block === "basic" ? basic(context, x, channels, stride) : bottleneck(context, x, channels, stride);
  const shortcut = stride === 1 && x.shape[1] === width ? x : downsample(context, x, width, stride);
  return op.relu(op.add(branch, shortcut));
}

function basic(context: NetworkContext, x: Value, channels: number, stride: number): Value {
  const { op } = context.builder;
  const first = conv(context, x, "conv1", { filters: channels, kernel: 3, stride, padding: 1 });
  const inner = op.relu(batchNorm(context, first, "bn1"));
  return batchNorm(
    context,
    conv(context, inner, "conv2", { filters: channels, kernel: 3, padding: 1 }),
    "bn2",
  );
}

/** The stride sits on the 3×3 convolution, as in torchvision. */
function bottleneck(context: NetworkContext, x: Value, channels: number, stride: number): Value {
  const { op } = context.builder;
  const narrow = op.relu(
    batchNorm(context, conv(context, x, "conv1", { filters: channels, kernel: 1 }), "bn1"),
  );
  const middle = conv(context, narrow, "conv2", { filters: channels, kernel: 3, stride, padding: 1 });
  const wide = conv(context, op.relu(batchNorm(context, middle, "bn2")), "conv3", {
    filters: channels * EXPANSION.bottleneck,
    kernel: 1,
  });
  return batchNorm(context, wide, "bn3");
}

/** The projection shortcut: parameters downsample.0 (convolution) and downsample.1 (batch normalization). */
function downsample(context: NetworkContext, x: Value, filters: number, stride: number): Value {
  return context.builder.scope("downsample", () =>
    batchNorm(context, conv(context, x, "0", { filters, kernel: 1, stride }), "1"),
  );
}
