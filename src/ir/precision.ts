/** @file The element types that convolutions and matrix products of a training step can be computed in (src/lower/precision.ts). */

export const PRECISIONS = ["fp32", "bf16", "fp16"] as const;
export type Precision = (typeof PRECISIONS)[number];
