/** @file The CPU execution provider of ONNX Runtime. Choices follow timings on a 2-core AVX-512 Xeon, onnxruntime 1.30. */

import {
  inputGradientByConvTranspose,
  inputGradientByFlippedConv,
  isFlippable,
  perGroup,
  weightGradientByOffset,
  weightGradientByPicture,
} from "../lowerings/convolution.js";
import { batchNormalizationGradient, batchNormalizationTraining } from "../lowerings/normalization.js";
import { averagePoolGradientByConvTranspose, maxPoolGradientByIndices } from "../lowerings/pooling.js";
import type { Target } from "../target.js";

/** Below this many input channels a product for each kernel offset is too thin for MLAS. */
const THIN_CHANNELS = 8;

export const cpu: Target = {
  ep: "cpu",
  lowerings: {
    ConvInputGradient: (op, node) => ({
      dX: isFlippable(node) ? inputGradientByFlippedConv(op, node) : inputGradientByConvTranspose(op, node),
    }),
    ConvWeightGradient: (op, node) => {
      const channels = (node.inputs.X.shape[1] as number) / node.attributes.group;
      return {
        dW: perGroup(op, node, channels < THIN_CHANNELS ? weightGradientByPicture : weightGradientByOffset),
      };
    },
    MaxPoolGradient: (op, node) => ({ dX: maxPoolGradientByIndices(op, node) }),
    AveragePoolGradient: (op, node) => ({ dX: averagePoolGradientByConvTranspose(op, node) }),
    BatchNormalizationTraining: batchNormalizationTraining,
    BatchNormalizationGradient: batchNormalizationGradient,
  },
  refusal: () => null,
};
