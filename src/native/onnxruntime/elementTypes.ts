/** @file Element types by their numbers. Source: ONNXTensorElementDataType of onnxruntime_c_api.h, 1.29.0 */

export const ELEMENT_TYPES = [
  "undefined",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
] as const;

/** Those of which tensors are made here, and the bytes of one element. */
export const ELEMENT_BYTES = { float32: 4, int64: 8, uint8: 1 } as const;
export type NativeType = keyof typeof ELEMENT_BYTES;

export const elementTypeNumber = (dtype: NativeType): number => ELEMENT_TYPES.indexOf(dtype);
