/** @file Values, dtypes and shapes to ONNX and back. */

import { DTYPES, type DType } from "../ir/dtype.js";
import type { Value } from "../ir/graph.js";
import type { Dim } from "../ir/shape.js";
import { fromInt64, TensorProto, toInt64, type DimensionProto, type ValueInfoProto } from "./protobuf.js";

const { DataType } = TensorProto;

export const DATA_TYPES: Readonly<Record<DType, number>> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  float16: DataType.FLOAT16,
  bfloat16: DataType.BFLOAT16,
  int64: DataType.INT64,
  int32: DataType.INT32,
  int8: DataType.INT8,
  uint8: DataType.UINT8,
  bool: DataType.BOOL,
};

/** null: an element type that the operators of the table do not take. */
export function dtypeOf(dataType: number | null | undefined): DType | null {
  return DTYPES.find((dtype) => DATA_TYPES[dtype] === dataType) ?? null;
}

export function showDataType(dataType: number | null | undefined): string {
  return DataType[dataType ?? DataType.UNDEFINED] ?? `data type ${dataType}`;
}

export function encodeValue({ name, dtype, shape }: Value, docString: string): ValueInfoProto {
  const dim = shape.map((size) =>
    typeof size === "number" ? { dimValue: toInt64(size) } : { dimParam: size },
  );
  return {
    name,
    type: { tensorType: { elemType: DATA_TYPES[dtype], shape: { dim } } },
    ...(docString === "" ? {} : { docString }),
  };
}

function decodeDim({ dimValue, dimParam }: DimensionProto): Dim | null {
  if (dimParam) return dimParam;
  const size = fromInt64(dimValue);
  return size >= 0 ? size : null;
}

/** A value, or what is wrong with it. */
export function decodeValue({ name, type }: ValueInfoProto): Value | string {
  const tensor = type?.tensorType;
  if (!name) return "a value has no name";
  if (!tensor?.shape) return `value ${name} has no tensor type with a shape`;
  const dtype = dtypeOf(tensor.elemType);
  if (dtype === null)
    return `value ${name} is ${showDataType(tensor.elemType)}, expected one of ${DTYPES.join(", ")}`;
  const shape = (tensor.shape.dim ?? []).map(decodeDim);
  const unknown = shape.indexOf(null);
  if (unknown >= 0) return `value ${name} has neither a size nor a name for axis ${unknown}`;
  return { name, dtype, shape: shape as Dim[] };
}
