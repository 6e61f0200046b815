/** @file Element types, under numpy's and PyTorch's names, and tensors of them. */

export const DTYPES = [
  "float32",
  "float64",
  "float16",
  "bfloat16",
  "int64",
  "int32",
  "int8",
  "uint8",
  "bool",
] as const;
export type DType = (typeof DTYPES)[number];

export const FLOATS = ["float32", "float64", "float16", "bfloat16"] as const satisfies readonly DType[];
/** What operators compute with; int8 only keeps weights. */
export const NUMBERS = [...FLOATS, "int64", "int32", "uint8"] as const satisfies readonly DType[];

const ELEMENT_BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
};

export function elementBytes(dtype: DType): number {
  return ELEMENT_BYTES[dtype];
}

export function isFloat(dtype: DType): boolean {
  return (FLOATS as readonly DType[]).includes(dtype);
}

/**
 * A constant in a graph. Its numbers are kept as JavaScript numbers, whatever the dtype:
 * graphs hold only small constants (axes, shapes, scalars, index maps), exact up to 2^53.
 * Weights are bound separately, as raw bytes.
 */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}
