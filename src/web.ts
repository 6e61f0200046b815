/** @file Public entry "onnx-instdisc/web": what a browser needs around encoder.onnx. Imports nothing of Node. */

export { parseManifest, type Manifest } from "./artifact/manifest.js";
export { readSafetensors, type Safetensors } from "./artifact/safetensors.js";
export type { Picture } from "./data/dataset.js";
export { createTransform, type Transform, type TransformOptions } from "./data/transform.js";
export { asFloat32, type RawTensor } from "./ir/rawTensor.js";
export { accuracy, classify, type Neighbours } from "./knn/vote.js";
