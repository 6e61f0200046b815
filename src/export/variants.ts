/** @file The model files of an exported folder: one list, from which files, drift and card are made. */

import { UsageError } from "../errors.js";

/** As --dtype names them. */
export const PRECISIONS = ["fp32"] as const;
export type Precision = (typeof PRECISIONS)[number];

export interface Variant {
  readonly precision: Precision;
  readonly file: string;
  /** What transformers.js calls it. */
  readonly dtype: string;
  readonly what: string;
  /** @param encoder bytes of encoder.onnx */
  readonly make: (encoder: Uint8Array) => Uint8Array;
}

const VARIANTS: readonly Variant[] = [
  {
    precision: "fp32",
    file: "onnx/model.onnx",
    dtype: "fp32",
    what: "as trained",
    make: (encoder) => encoder,
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
      `--dtype has no fp32, expected it among ${precisions.join(",") || "them"}: the others are compared with it; add it`,
    );
  }
  return VARIANTS.filter(({ precision }) => precisions.includes(precision));
}
