/** @file A valid manifest for tests to change. */

import type { Manifest } from "../../src/artifact/manifest.js";

export function sampleManifest(): Manifest {
  return {
    format: "onnx-instdisc",
    formatVersion: 1,
    producer: { name: "onnx-instdisc", version: "0.1.0" },
    seed: 7,
    opset: 18,
    irVersion: 8,
    recipe: {
      arch: "resnet18",
      stem: "small",
      width: 64,
      imageSize: 32,
      batchSize: 128,
      objective: {
        name: "nce",
        temperature: 0.07,
        proximal: 0,
        negatives: 4096,
        noiseForm: "gather",
        noise: { positive: false, duplicates: true },
        epsilon: 0,
        normalizer: { mode: "first" },
      },
      embeddingDim: 128,
      bankMomentum: 0.5,
      optimizer: { name: "sgd", momentum: 0.9, nesterov: false, weightDecay: 5e-4, decayNormAndBias: true },
      accumulation: 1,
    },
    preprocessing: { imageSize: 32, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], resize: 36 },
    data: { format: "folder", pictures: 1000, sha256: "c".repeat(64) },
    tensors: [
      { name: "pixel_values", dtype: "float32", shape: [128, 3, 32, 32], role: "input" },
      { name: "bank", dtype: "float32", shape: ["instances", 128], role: "bank", next: "bank.next" },
      { name: "fc.weight", dtype: "float32", shape: [128, 512], role: "parameter", next: "fc.weight.next" },
    ],
    files: {
      "train_step.onnx": { sha256: "a".repeat(64), sizeBytes: 12 },
      "encoder.onnx": { sha256: "b".repeat(64), sizeBytes: 34 },
    },
  };
}
