/** @file The model files of an exported folder: one list, from which files, drift and card are made. */

import type { Manifest } from "../artifact/manifest.js";
import { UsageError } from "../errors.js";
import { halfModel } from "./models/halfModel.js";
import { imageModel } from "./models/imageModel.js";
import { quantizedModel } from "./models/quantizedModel.js";
import { EXPORT } from "./names.js";

/** As --dtype names them. */
export const PRECISIONS = ["fp32", "fp16", "int8"] as const;
export type Precision = (typeof PRECISIONS)[number];

export interface Variant {
  /** null: it belongs to every export. */
  readonly precision: Precision | null;
  /** With "/" between folder and file. */
  readonly file: string;
  /** What transformers.js calls it; null: it is not for transformers.js. */
  readonly dtype: string | null;
  readonly what: string;
  /** What it takes: pictures as they were preprocessed, or one as it is. */
  readonly input: "pixel_values" | "image";
  /** @param encoder bytes of encoder.onnx */
  readonly make: (encoder: Uint8Array, preprocessing: Manifest["preprocessing"]) => Uint8Array;
}

const VARIANTS: readonly Variant[] = [
  {
    precision: "fp32",
    file: "onnx/model.onnx",
    dtype: "fp32",
    what: "as trained",
    input: "pixel_values",
    make: (encoder) => encoder,
  },
  {
    precision: "fp16",
    file: "onnx/model_fp16.onnx",
    dtype: "fp16",
    what: "weights and sums in half precision",
    input: "pixel_values",
    make: halfModel,
  },
  {
    precision: "int8",
    file: "onnx/model_quantized.onnx",
    dtype: "q8",
    what: "weights in 8 bits",
    input: "pixel_values",
    make: quantizedModel,
  },
  {
    precision: null,
    file: EXPORT.image,
    dtype: null,
    what: "takes the picture itself",
    input: "image",
    make: imageModel,
  },
];

/**
 * @param precisions in any order
 * @throws UsageError when fp32 is not among them, or one is unknown
 */
export function chooseVariants(precisions: readonly string[]): readonly Variant[] {
  const unknown = precisions.filter((name) => !PRECISIONS.some((known) => known === name));
  if (unknown.length > 0) {
    throw new UsageError(
      `--dtype has ${unknown.map((name) => JSON.stringify(name)).join(", ")}, expected some of ${PRECISIONS.join(",")}; ` +
        "correct it",
    );
  }
  if (!precisions.includes("fp32")) {
    throw new UsageError(
      `--dtype has no fp32, expected it among ${precisions.join(",")}: the others are compared with it; add it`,
    );
  }
  return VARIANTS.filter(({ precision }) => precision === null || precisions.includes(precision));
}
