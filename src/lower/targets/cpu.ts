/** @file The CPU execution provider of ONNX Runtime. Choices follow timings on a 2-core AVX-512 Xeon, onnxruntime 1.30. */

import type { NodeView } from "../../ir/graph.js";
import {
  inputGradientByConvTranspose,
  inputGradientByFlippedConv,
  isFlippable,
  perGroup,
  weightGradientByRow,
  weightGradientByPicture,
} from "../lowerings/convolution.js";
import { batchNormalizationGradient, batchNormalizationTraining } from "../lowerings/normalization.js";
import { averagePoolGradientByConvTranspose, maxPoolGradientByIndices } from "../lowerings/pooling.js";
import { logSumExpByParts } from "../lowerings/reduction.js";
import { rankScalars } from "../passes/rankScalars.js";
import type { Candidates, Target } from "../target.js";

/** Rows of the kernel as matrix products pay below this many pixels a map, and from this many channels. */
const SMALL_MAP_PIXELS = 256;
const THIN_CHANNELS = 8;

function isDeep({
  inputs: { dY, X },
  attributes: { kernelShape, group },
}: NodeView<"ConvWeightGradient">): boolean {
  const [height, width] = dY.shape.slice(2) as [number, number];
  const channels = (X.shape[1] as number) / group;
  const isPoint = kernelShape.every((size) => size === 1);
  return !isPoint && height * width < SMALL_MAP_PIXELS && channels >= THIN_CHANNELS;
}

const portable: Candidates = {
  ConvInputGradient: [
    {
      name: "flippedConv",
      applies: isFlippable,
      lower: (op, node) => ({ dX: inputGradientByFlippedConv(op, node) }),
    },
    { name: "convTranspose", lower: (op, node) => ({ dX: inputGradientByConvTranspose(op, node) }) },
  ],
  ConvWeightGradient: [
    {
      name: "byRow",
      suits: isDeep,
      lower: (op, node) => ({ dW: perGroup(op, node, weightGradientByRow) }),
    },
    { name: "byPicture", lower: (op, node) => ({ dW: perGroup(op, node, weightGradientByPicture) }) },
  ],
  MaxPoolGradient: [{ name: "indices", lower: (op, node) => ({ dX: maxPoolGradientByIndices(op, node) }) }],
  AveragePoolGradient: [
    { name: "convTranspose", lower: (op, node) => ({ dX: averagePoolGradientByConvTranspose(op, node) }) },
  ],
  BatchNormalizationTraining: [{ name: "inference", lower: batchNormalizationTraining }],
  BatchNormalizationGradient: [{ name: "inference", lower: batchNormalizationGradient }],
  ReduceLogSumExp: [
    {
      name: "parts",
      lower: (op, node, ints) => ({ reduced: logSumExpByParts(op, node, ints(node.inputs.axes)) }),
    },
  ],
};

/** Operators of the ONNX standard only: for every machine. */
export const cpu: Target = {
  ep: "cpu",
  candidates: portable,
  passes: [rankScalars],
  refusal: ({ op }) =>
    op === "InPlaceAccumulatorV2"
      ? "only builds of ONNX Runtime with training have it, the last of which is 1.19.2; leave it to buildOrtTraining"
      : null,
};
