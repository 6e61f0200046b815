/**
 * @file The operators and element types that ONNX Runtime's CUDA provider 1.29 has kernels for at opset 18. It was asked:
 * each operator on its own, in each type, in a session that may not fall back to the CPU.
 *
 * What is not here, or later opsets lose: Conv, pooling and HardSigmoid know bfloat16 from opset 22 on, at which the
 * provider has no MaxPool any more; it has no ConvTranspose, no BatchNormalization and no MaxPool in bfloat16 at all.
 */

import { DTYPES, type DType } from "../../ir/dtype.js";
import type { Node } from "../../ir/graph.js";
import type { AbstractOpKind, OpKind } from "../../ir/opTable.js";

type ConcreteOpKind = Exclude<OpKind, AbstractOpKind>;

const TO_HALF: readonly DType[] = ["float32", "float64", "float16"];
const TO_BFLOAT: readonly DType[] = [...TO_HALF, "bfloat16"];
const WHOLE: readonly DType[] = ["int64", "int32"];
const NONE: readonly DType[] = [];

const arithmetic: readonly DType[] = [...TO_BFLOAT, ...WHOLE, "uint8"];

/** Element types by operator; empty: the provider has no such operator. */
export const CUDA_KERNELS: Readonly<Record<ConcreteOpKind, readonly DType[]>> = {
  Neg: [...TO_BFLOAT, ...WHOLE],
  Abs: arithmetic,
  Exp: TO_BFLOAT,
  Log: TO_HALF,
  Sqrt: TO_BFLOAT,
  Reciprocal: TO_HALF,
  Round: TO_HALF,
  Relu: TO_BFLOAT,
  Sigmoid: TO_BFLOAT,
  Softplus: TO_HALF,
  HardSigmoid: TO_HALF,
  Identity: DTYPES,
  Cast: DTYPES,
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
  Pow: TO_BFLOAT,
  Max: [...TO_BFLOAT, ...WHOLE],
  Greater: [...TO_HALF, ...WHOLE],
  Equal: [...TO_HALF, ...WHOLE, "bool"],
  Where: arithmetic,
  ReduceSum: TO_BFLOAT,
  ReduceMean: TO_HALF,
  ReduceMax: TO_HALF,
  ReduceSumSquare: TO_BFLOAT,
  ReduceLogSumExp: TO_BFLOAT,
  Softmax: TO_BFLOAT,
  LogSoftmax: TO_HALF,
  Shape: DTYPES,
  Range: ["int64"],
  Reshape: DTYPES,
  Flatten: DTYPES,
  Transpose: DTYPES,
  Concat: DTYPES,
  Slice: DTYPES,
  Pad: [...TO_HALF, "bool"],
  Expand: DTYPES,
  Squeeze: DTYPES,
  Unsqueeze: DTYPES,
  Gather: DTYPES,
  GatherElements: DTYPES,
  GatherND: [...TO_BFLOAT, "int64", "bool"],
  ScatterElements: DTYPES,
  ScatterND: DTYPES,
  TopK: [...TO_HALF, ...WHOLE, "uint8"],
  MatMul: TO_BFLOAT,
  Gemm: TO_BFLOAT,
  Conv: TO_HALF,
  ConvTranspose: TO_HALF,
  MaxPool: TO_HALF,
  AveragePool: TO_HALF,
  GlobalAveragePool: TO_HALF,
  BatchNormalization: TO_HALF,
  ReorderInput: NONE,
  ReorderOutput: NONE,
  BlockedConv: NONE,
  BlockedGlobalAveragePool: NONE,
  DequantizeLinear: ["int8", "uint8"],
  InPlaceAccumulatorV2: NONE,
};

/** The type that a kernel is chosen by. */
function typeOf({ op, inputs }: Node): DType {
  return inputs[op === "Where" ? 1 : 0]!.dtype;
}

/** Why the provider cannot run a lowered node; null: it can. */
export function cudaRefusal(node: Node): string | null {
  const types = CUDA_KERNELS[node.op as ConcreteOpKind];
  if (types.length === 0) return "ONNX Runtime's CUDA provider has no such operator";
  const type = typeOf(node);
  return types.includes(type)
    ? null
    : `ONNX Runtime's CUDA provider has it for ${types.join(", ")}, and not for ${type}`;
}
