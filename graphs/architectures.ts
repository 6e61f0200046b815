/** @file The networks one can ask for by name. */

import { UsageError } from "../src/errors.js";
import type { Value } from "../src/ir/graph.js";
import type { NetworkContext } from "./layers.js";
import { resnet, RESNET_HALVINGS, type ResnetConfig } from "./resnet.js";

const RESNETS = {
  // Not one of the paper's: one block a stage, for small pictures and short runs.
  resnet10: { blocks: [1, 1, 1, 1], block: "basic" },
  resnet18: { blocks: [2, 2, 2, 2], block: "basic" },
  resnet34: { blocks: [3, 4, 6, 3], block: "basic" },
  resnet50: { blocks: [3, 4, 6, 3], block: "bottleneck" },
  resnet101: { blocks: [3, 4, 23, 3], block: "bottleneck" },
  resnet152: { blocks: [3, 8, 36, 3], block: "bottleneck" },
} as const satisfies Readonly<Record<string, Pick<ResnetConfig, "blocks" | "block">>>;

export const ARCHITECTURES = Object.keys(RESNETS) as (keyof typeof RESNETS)[];

export interface NetworkConfig {
  readonly arch: (typeof ARCHITECTURES)[number];
  readonly stem: ResnetConfig["stem"];
  readonly width: number;
  /** Side of the square picture, pixels. */
  readonly imageSize: number;
}

/**
 * Features [N, F] of pictures [N, 3, imageSize, imageSize].
 * @throws UsageError when the network cannot take pictures of that size
 */
export function network(context: NetworkContext, pictures: Value, config: NetworkConfig): Value {
  const { arch, stem, width, imageSize } = config;
  const halvings = RESNET_HALVINGS[stem];
  if (imageSize < 2 ** halvings) {
    throw new UsageError(
      `image size is ${imageSize}, expected at least ${2 ** halvings}: ${arch} with the ${stem} stem halves the picture ` +
        `${halvings} times; choose larger pictures${stem === "imagenet" ? " or the cifar stem" : ""}`,
    );
  }
  return resnet(context, pictures, { ...RESNETS[arch], stem, width });
}
