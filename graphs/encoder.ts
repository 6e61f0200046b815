/** @file The encoder: pictures to unit vectors. The same graph serves training, search and the browser. */

import type { Graph, Value } from "../src/ir/graph.js";
import { GraphBuilder } from "../src/ops/builder.js";
import { network, type NetworkConfig } from "./architectures.js";
import { linear, type NetworkContext } from "./layers.js";

export interface EncoderConfig extends NetworkConfig {
  /** D: length of an embedding. */
  readonly embeddingDim: number;
}

export interface Encoded {
  /** [N, D], of unit length */
  readonly embeddings: Value;
  /** [N, F], before the head */
  readonly features: Value;
}

/** Network, linear head with bias in the place of its classifier's last layer, L2 normalization. Source: Wu et al. 2018, section 3.1 and figure 2. */
export function encode(context: NetworkContext, pictures: Value, config: EncoderConfig): Encoded {
  const { builder } = context;
  const { features, head, initial } = network(context, pictures, config);
  const projected = linear({ ...context, initial }, features, head, config.embeddingDim);
  const embeddings = builder.scope("normalize", () => builder.op.l2Normalize(projected));
  return { embeddings, features };
}

/**
 * Inference graph: `pixel_values` float32 [batch, 3, H, W] → `image_embeds` [batch, D] of unit length and
 * `pooler_output` [batch, F]. The names are those that transformers.js looks for.
 */
export function encoderGraph(config: EncoderConfig): Graph {
  const builder = new GraphBuilder("encoder");
  const pictures = builder.input("pixel_values", "float32", ["batch", 3, config.imageSize, config.imageSize]);
  const { embeddings, features } = encode({ builder, mode: "eval" }, pictures, config);
  builder.output("image_embeds", embeddings);
  builder.output("pooler_output", features);
  return builder.build();
}

/**
 * Fills the bank before training: `pixel_values` [B, 3, H, W] → `image_embeds` [B, D], normalized by the statistics
 * of the batch, since an untrained network has no running ones yet.
 */
export function bankInitGraph(config: EncoderConfig, batchSize: number): Graph {
  const builder = new GraphBuilder("bank_init");
  const pictures = builder.input("pixel_values", "float32", [
    batchSize,
    3,
    config.imageSize,
    config.imageSize,
  ]);
  const { embeddings } = encode({ builder, mode: "batch" }, pictures, config);
  builder.output("image_embeds", embeddings);
  return builder.build();
}
