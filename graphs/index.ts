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
export { dropoutNoiseName, isDropoutNoise, momentumName, nextName } from "./names.js";
export { resnet, RESNET_STEMS, type ResnetConfig } from "./resnet.js";
export { sgd, type SgdConfig } from "./sgd.js";
export { softmaxLoss } from "./softmaxLoss.js";
export { forwardGraph, OBJECTIVES, trainStepGraph, type TrainStepConfig } from "./trainStep.js";
export { vgg, type VggConfig } from "./vgg.js";
