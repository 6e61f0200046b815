/**
 * @file config.json and preprocessor_config.json as transformers.js 4 and src/models/hubFolder.ts read them.
 * Source: the configurations of ResNet and CLIP's image processor in Hugging Face transformers.
 */

import type { Manifest } from "../artifact/manifest.js";
import { VERSION } from "../version.js";

/** Of Pillow's filters, the one whose result in transformers.js on Node is nearest to ours: Lanczos, antialiased. */
const LANCZOS = 1;

export interface ConfigOptions {
  readonly manifest: Manifest;
  /** τ of training. */
  readonly temperature: number;
}

/** Networks that are no residual ones have no class in transformers.js, which loads them by their files alone. */
export function modelConfig({ manifest, temperature }: ConfigOptions): object {
  const { recipe, preprocessing, seed, data } = manifest;
  const stages = residualStages(manifest.tensors);
  const network =
    stages.length === 0
      ? { model_type: "custom" }
      : {
          model_type: "resnet",
          architectures: ["ResNetModel"],
          depths: stages.map(({ blocks }) => blocks),
          hidden_sizes: stages.map(({ channels }) => channels),
          layer_type: stages[0]!.isBottleneck ? "bottleneck" : "basic",
        };
  return {
    ...network,
    num_channels: 3,
    image_size: preprocessing.imageSize,
    embedding_size: recipe.embeddingDim,
    temperature,
    // In a browser transformers.js would otherwise ask for the quantized model.
    "transformers.js_config": { dtype: "fp32" },
    "onnx-instdisc": { version: VERSION, recipe, seed, data },
  };
}

/** Shorter side to `resize` pixels, the centre, scaled to [0, 1], normalized: plain steps, which CLIP's class names. */
export function preprocessorConfig({ imageSize, resize, mean, std }: Manifest["preprocessing"]): object {
  return {
    image_processor_type: "CLIPImageProcessor",
    do_convert_rgb: true,
    do_resize: true,
    size: { shortest_edge: resize },
    resample: LANCZOS,
    do_center_crop: true,
    crop_size: { width: imageSize, height: imageSize },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
}

interface Stage {
  readonly blocks: number;
  /** Of its last convolution. */
  readonly channels: number;
  readonly isBottleneck: boolean;
}

/** The stages of a residual network, from the names and shapes of its weights; none for another network. */
function residualStages(tensors: Manifest["tensors"]): Stage[] {
  const found = new Map<number, { blocks: Set<number>; convolutions: Map<number, number> }>();
  for (const { name, shape } of tensors) {
    const match = /^layer(\d+)\.(\d+)\.conv(\d+)\.weight$/.exec(name);
    if (!match) continue;
    const [stage, block, convolution] = match.slice(1).map(Number) as [number, number, number];
    const entry = found.get(stage) ?? { blocks: new Set(), convolutions: new Map() };
    entry.blocks.add(block);
    entry.convolutions.set(convolution, Number(shape[0]));
    found.set(stage, entry);
  }
  return [...found.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, { blocks, convolutions }]) => {
      const last = Math.max(...convolutions.keys());
      return { blocks: blocks.size, channels: convolutions.get(last)!, isBottleneck: last === 3 };
    });
}
