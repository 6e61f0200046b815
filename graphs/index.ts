/** @file Public entry "onnx-instdisc/graphs": networks, objectives and steps, config in, Graph out. */

export { alexnet } from "./alexnet.js";
export {
  ARCHITECTURES,
  network,
  stemsOf,
  type ArchitectureName,
  type Network,
  type NetworkConfig,
} from "./architectures.js";
export { bankUpdate } from "./bankUpdate.js";
export { bankInitGraph, encode, encoderGraph, type Encoded, type EncoderConfig } from "./encoder.js";
export { knnGraph } from "./knn.js";
export {
  batchNorm,
  conv,
  dropout,
  linear,
  type ConvConfig,
  type LayerInitials,
  type NetworkContext,
} from "./layers.js";
export { adamw, adamwStep, type AdamwConfig } from "./adamw.js";
export { imageInput, type ImageInputConfig } from "./imageInput.js";
export { infonceLoss } from "./infonceLoss.js";
export { lars, type LarsConfig } from "./lars.js";
export {
  accumulatedName,
  dropoutNoiseName,
  isAccumulator,
  isDropoutNoise,
  isOptimizerState,
  momentumName,
  nextName,
} from "./names.js";
export { nceLoss, type NceTerms } from "./nceLoss.js";
export {
  estimateLogNormalizer,
  exactLogNormalizer,
  normalizerGraph,
  type NormalizerConfig,
} from "./normalizer.js";
export {
  addObjective,
  CLASS_WEIGHTS,
  NORMALIZERS,
  OBJECTIVES,
  type InfonceConfig,
  type NceConfig,
  type NoiseConfig,
  type NormalizerMode,
  type ObjectiveConfig,
} from "./objectives.js";
export { optimize, OPTIMIZERS, type OptimizerConfig, type Update } from "./optimizers.js";
export { parametricLoss } from "./parametricLoss.js";
export { proximalLoss } from "./proximalLoss.js";
export {
  bankWriteGraph,
  finiteCheckGraph,
  type BankWriteConfig,
  type CheckedTensor,
} from "./residentState.js";
export { resnet, RESNET_STEMS, type ResnetConfig } from "./resnet.js";
export { sgd, type SgdConfig } from "./sgd.js";
export {
  NOISE_FORMS,
  similaritiesInBank,
  similaritiesTo,
  type NoiseForm,
  type Similarities,
} from "./similarities.js";
export { softmaxLoss } from "./softmaxLoss.js";
export { accumulateStepGraph, forwardGraph, trainStepGraph, type TrainStepConfig } from "./trainStep.js";
export { vgg, type VggConfig } from "./vgg.js";
