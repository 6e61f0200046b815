/**
 * @file The element type that convolutions and matrix products of a training step are computed in. Parameters, optimizer
 * state, statistics, normalizations, similarities and loss are float32 in every one.
 *
 * fp16: convolutions, their gradients and the head. Gradients on their way through the network are multiplied by
 * GRADIENT_SCALE and divided before the optimizer. The scale never changes, so a run needs no more state than one in
 * float32 and resumes to the same bits; gradients that leave float16's range make the step's results not finite, which
 * ends the run as it does in float32, and state and bank stay as they were.
 *
 * bf16: weight gradients, 1×1 convolutions and the head. ONNX knows bfloat16 convolutions from opset 22 on, at which
 * ONNX Runtime 1.29 has no max pooling on CUDA; and it has no transposed convolution of bfloat16 there at any opset.
 */

import type { Graph } from "../ir/graph.js";
import type { Precision } from "../ir/precision.js";
import { halveProducts } from "./passes/halveProducts.js";
import { scaleGradients } from "./passes/scaleGradients.js";

/**
 * float16 holds 2^-24 to 2^16; a gradient of the loss by an embedding is about 1 / (B · τ). An untrained ResNet-50 leaves
 * that range with 2^10 (B = 16, τ = 0.1), and does not with this.
 */
export const GRADIENT_SCALE = 2 ** 4;

/**
 * The graph as it is to be lowered for a precision; the portable one is that of fp32.
 * @param graph of a training step or of an encoder, not lowered
 */
export function withPrecision(graph: Graph, precision: Precision): Graph {
  switch (precision) {
    case "fp32":
      return graph;
    case "bf16":
      return halveProducts(graph, "bfloat16");
    case "fp16":
      return halveProducts(scaleGradients(graph, GRADIENT_SCALE), "float16");
  }
}
