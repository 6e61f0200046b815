/** @file The networks one can ask for by name. */

import { UsageError } from "../src/errors.js";
import type { Value } from "../src/ir/graph.js";
import { alexnet, ALEXNET_LEAST_IMAGE_SIZE } from "./alexnet.js";
import type { LayerInitials, NetworkContext } from "./layers.js";
import { resnet, RESNET_HALVINGS, RESNET_INITIALS, RESNET_STEMS, type ResnetConfig } from "./resnet.js";
import { vgg, VGG_HALVINGS, VGG_INITIALS } from "./vgg.js";

type Stem = ResnetConfig["stem"];

interface Architecture {
  /** The linear layer that makes embeddings of features. */
  readonly head: string;
  readonly initial: LayerInitials;
  /** The smallest picture that it takes, pixels, with the reason and the way out. */
  readonly leastImage: { readonly size: number; readonly because: string; readonly remedy: string };
  /** Features [N, F] of pictures [N, 3, H, W]. */
  readonly features: (context: NetworkContext, pictures: Value, width: number) => Value;
}

function residual(stem: Stem, layers: Pick<ResnetConfig, "blocks" | "block">): Architecture {
  const halvings = RESNET_HALVINGS[stem];
  return {
    head: "fc",
    initial: RESNET_INITIALS[stem],
    leastImage: {
      size: 2 ** halvings,
      because: `with the ${stem} stem halves the picture ${halvings} times`,
      remedy: `choose larger pictures${stem === "imagenet" ? " or the cifar stem" : ""}`,
    },
    features: (context, pictures, width) => resnet(context, pictures, { ...layers, stem, width }),
  };
}

const byStem = (layers: Pick<ResnetConfig, "blocks" | "block">): Readonly<Record<Stem, Architecture>> => ({
  cifar: residual("cifar", layers),
  imagenet: residual("imagenet", layers),
});

const vgg16 = (batchNorm: boolean): Architecture => ({
  head: "classifier.6",
  initial: VGG_INITIALS,
  leastImage: {
    size: 2 ** VGG_HALVINGS,
    because: `halves the picture ${VGG_HALVINGS} times`,
    remedy: "choose larger pictures",
  },
  features: (context, pictures, width) => vgg(context, pictures, { batchNorm, width }),
});

/** A network, or one for each kind of first layers. */
const NETWORKS = {
  // Not one of the paper's: one block a stage, for small pictures and short runs.
  resnet10: byStem({ blocks: [1, 1, 1, 1], block: "basic" }),
  resnet18: byStem({ blocks: [2, 2, 2, 2], block: "basic" }),
  resnet34: byStem({ blocks: [3, 4, 6, 3], block: "basic" }),
  resnet50: byStem({ blocks: [3, 4, 6, 3], block: "bottleneck" }),
  resnet101: byStem({ blocks: [3, 4, 23, 3], block: "bottleneck" }),
  resnet152: byStem({ blocks: [3, 8, 36, 3], block: "bottleneck" }),
  alexnet: {
    head: "classifier.6",
    initial: {},
    leastImage: {
      size: ALEXNET_LEAST_IMAGE_SIZE,
      because: "pools a smaller picture away",
      remedy: "choose larger pictures",
    },
    features: alexnet,
  },
  vgg16: vgg16(false),
  vgg16_bn: vgg16(true),
} as const satisfies Readonly<Record<string, Architecture | Readonly<Record<Stem, Architecture>>>>;

export type ArchitectureName = keyof typeof NETWORKS;
export const ARCHITECTURES = Object.keys(NETWORKS) as ArchitectureName[];

export interface NetworkConfig {
  readonly arch: ArchitectureName;
  /** First layers; null where the network has but one kind. */
  readonly stem: Stem | null;
  /** Channels of the first convolution or stage, which all others follow; 64 in the originals. */
  readonly width: number;
  /** Side of the square picture, pixels. */
  readonly imageSize: number;
}

export interface Network extends Pick<Architecture, "head" | "initial"> {
  /** [N, F] */
  readonly features: Value;
}

/** First layers to choose from; none where the network has but one kind. */
export function stemsOf(arch: ArchitectureName): readonly Stem[] {
  return "features" in NETWORKS[arch] ? [] : RESNET_STEMS;
}

/**
 * Features of pictures [N, 3, imageSize, imageSize], and what the layer after them is called and starts from.
 * @throws UsageError when the network cannot take pictures of that size, or has no such stem
 */
export function network(context: NetworkContext, pictures: Value, config: NetworkConfig): Network {
  const { arch, width, imageSize } = config;
  const { head, initial, leastImage, features } = architectureOf(config);
  const { size, because, remedy } = leastImage;
  if (imageSize < size) {
    throw new UsageError(
      `image size is ${imageSize}, expected at least ${size}: ${arch} ${because}; ${remedy}`,
    );
  }
  return { features: features({ ...context, initial }, pictures, width), head, initial };
}

function architectureOf({ arch, stem }: NetworkConfig): Architecture {
  const found = NETWORKS[arch];
  if ("features" in found) {
    if (stem === null) return found;
    throw new UsageError(
      `stem is ${stem}, expected none: ${arch} has but one kind of first layers; leave it out`,
    );
  }
  if (stem !== null && stem in found) return found[stem];
  throw new UsageError(
    `stem is ${stem ?? "missing"}, expected one of ${RESNET_STEMS.join(", ")} for ${arch}`,
  );
}
