/**
 * @file ONNX Runtime's CUDA execution provider. What suits is a guess by the runtime's source (1.29): it was not timed
 * yet, which `--tune` does.
 *
 * Convolutions run in cuDNN: Conv forward, ConvTranspose as cuDNN's own input gradient. For the weight gradient there is
 * no operator; it is products in cuBLAS over windows laid side by side, or a convolution with a kernel as large as the map.
 * Sums over axes that lie side by side run in kernels of the runtime's own, others in cuDNN's general reduction.
 */

import { viewNode, type Graph, type Node, type NodeView, type Value } from "../../ir/graph.js";
import { isStatic } from "../../ir/shape.js";
import {
  inputGradientByConvTranspose,
  inputGradientByFlippedConv,
  isFlippable,
  perGroup,
  weightGradientByPicture,
  weightGradientByRow,
  weightGradientBySwappedConv,
} from "../lowerings/convolution.js";
import { gradientByMapsFirst, trainingByMapsFirst } from "../lowerings/normalization.js";
import { convolutionByProduct, inputGradientByProduct, isPointwise } from "../lowerings/pointwise.js";
import type { Candidates, Target } from "../target.js";
import { cpu } from "./cpu.js";
import { cudaRefusal } from "./cudaKernels.js";

/** Convolutions have no kernel in bfloat16; products have. */
const isConvolvable = ({ dtype }: Value): boolean => dtype !== "bfloat16";

/** One product a picture writes filters × channels numbers for each, and its windows are pixels × channels. */
function hasFewFilters({ inputs: { dY } }: NodeView<"ConvWeightGradient">): boolean {
  const [, filters, height, width] = dY.shape as readonly [number, number, number, number];
  return filters <= height * width;
}

const candidates: Candidates = {
  ...cpu.candidates,
  Conv: [
    { name: "plain", applies: ({ inputs: { X } }) => isConvolvable(X), lower: null },
    {
      name: "product",
      applies: isPointwise,
      lower: (op, node) => ({ Y: convolutionByProduct(op, node) }),
    },
  ],
  ConvInputGradient: [
    {
      name: "convTranspose",
      applies: ({ inputs: { dY } }) => isConvolvable(dY),
      lower: (op, node) => ({ dX: inputGradientByConvTranspose(op, node) }),
    },
    {
      name: "flippedConv",
      applies: (node) => isConvolvable(node.inputs.dY) && isFlippable(node),
      lower: (op, node) => ({ dX: inputGradientByFlippedConv(op, node) }),
    },
    {
      name: "product",
      applies: isPointwise,
      lower: (op, node) => ({ dX: inputGradientByProduct(op, node) }),
    },
  ],
  ConvWeightGradient: [
    {
      name: "byPicture",
      suits: hasFewFilters,
      lower: (op, node) => ({ dW: perGroup(op, node, weightGradientByPicture) }),
    },
    { name: "byRow", lower: (op, node) => ({ dW: perGroup(op, node, weightGradientByRow) }) },
    {
      name: "swappedConv",
      applies: ({ inputs: { dY } }) => isConvolvable(dY),
      lower: (op, node) => ({ dW: perGroup(op, node, weightGradientBySwappedConv) }),
    },
  ],
  BatchNormalizationTraining: [
    {
      name: "mapsFirst",
      applies: ({ inputs: { X } }) => X.shape.length > 2,
      lower: trainingByMapsFirst,
    },
    ...cpu.candidates.BatchNormalizationTraining,
  ],
  BatchNormalizationGradient: [
    {
      name: "mapsFirst",
      applies: ({ inputs: { X } }) => X.shape.length > 2,
      lower: gradientByMapsFirst,
    },
    ...cpu.candidates.BatchNormalizationGradient,
  ],
  ReduceLogSumExp: [...cpu.candidates.ReduceLogSumExp!, { name: "whole", lower: null }],
};

export const cuda: Target = { ep: "cuda", candidates, refusal: cudaRefusal };

/** Nodes of a lowered graph whose results the provider keeps on the host: what reads them cannot be captured. */
export function capturingObstacles({ nodes }: Graph): readonly Node[] {
  return nodes.filter((node) => {
    if (node.op === "Shape" || node.op === "Range") return true;
    return node.op === "Reshape" && !isStatic(viewNode({ ...node, op: node.op }).inputs.shape.shape);
  });
}
