/**
 * @file The one table of operators. Types, the builder, checking, shape rules, gradients, the reference
 * interpreter of the tests and the ONNX codec are all keyed by it: add an entry, and the compiler
 * names every place that still lacks the operator.
 *
 * Names of operators, inputs and outputs are ONNX's (opset 18); attributes are ONNX's in camel case.
 * An entry of domain "instdisc" is a gradient or a training form for which ONNX has no operator; lowering
 * replaces it by ONNX operators, chosen per execution provider.
 *
 * An entry of domain "com.microsoft" is an operator of ONNX Runtime's own, which not every build of it has. Those of
 * domain "com.microsoft.nchwc" compute on blocked feature maps: stated as [N, C, H, W], they lie in memory as
 * [N, C/block, H, W, block]. How many channels a block has depends on the processor, so a graph that uses them is right
 * on one kind of machine only.
 *
 * A type is a dtype or a type variable from `where`; "T?" may be absent, "T*" is a list of inputs.
 */

import { FLOATS, NUMBERS, DTYPES, type DType } from "./dtype.js";

export type AttributeKind = "int" | "ints" | "float" | "string" | "dtype";
export type AttributeValue = number | readonly number[] | string;

export interface AttributeSpec {
  readonly kind: AttributeKind;
  /** Missing: the attribute is required. */
  readonly default?: AttributeValue;
}

export interface OpSpec {
  readonly domain: "" | "instdisc" | "com.microsoft" | "com.microsoft.nchwc";
  /** Missing: the same as the entry's. */
  readonly onnxName?: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
  readonly where: Readonly<Record<string, readonly DType[]>>;
}

const required = <K extends AttributeKind>(kind: K) => ({ kind }) as const;
const optional = <K extends AttributeKind, V extends AttributeValue>(kind: K, value: V) =>
  ({ kind, default: value }) as const;

const floats = { T: FLOATS } as const;
const numbers = { T: NUMBERS } as const;
const anything = { T: DTYPES } as const;

const unary = { domain: "", inputs: { X: "T" }, outputs: { Y: "T" }, attributes: {}, where: floats } as const;
const arithmetic = {
  domain: "",
  inputs: { A: "T", B: "T" },
  outputs: { C: "T" },
  attributes: {},
  where: numbers,
} as const;
const comparison = { ...arithmetic, outputs: { C: "bool" } } as const;
const reduction = {
  domain: "",
  inputs: { data: "T", axes: "int64" },
  outputs: { reduced: "T" },
  attributes: { keepdims: optional("int", 1) },
  where: floats,
} as const;
const alongAxis = { ...unary, attributes: { axis: optional("int", -1) } } as const;

const convolution = {
  strides: optional("ints", [1, 1]),
  pads: optional("ints", [0, 0, 0, 0]),
  dilations: optional("ints", [1, 1]),
  group: optional("int", 1),
} as const;
const window = {
  kernelShape: required("ints"),
  strides: optional("ints", [1, 1]),
  pads: optional("ints", [0, 0, 0, 0]),
} as const;

export const opTable = {
  // Elementwise
  Neg: { ...unary, where: numbers },
  Abs: { ...unary, where: numbers },
  Exp: unary,
  Log: unary,
  Sqrt: unary,
  Reciprocal: unary,
  Round: unary,
  Relu: unary,
  Sigmoid: unary,
  Softplus: unary,
  HardSigmoid: { ...unary, attributes: { alpha: optional("float", 0.2), beta: optional("float", 0.5) } },
  Identity: { ...unary, where: anything },
  Cast: {
    domain: "",
    inputs: { input: "T" },
    outputs: { output: "U" },
    attributes: { to: required("dtype") },
    where: { T: DTYPES, U: DTYPES },
  },
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
  Pow: { ...arithmetic, where: floats },
  Max: { domain: "", inputs: { data: "T*" }, outputs: { max: "T" }, attributes: {}, where: numbers },
  Greater: comparison,
  Equal: { ...comparison, where: anything },
  Where: {
    domain: "",
    inputs: { condition: "bool", X: "T", Y: "T" },
    outputs: { output: "T" },
    attributes: {},
    where: anything,
  },

  // Reductions and normalizations along an axis
  ReduceSum: reduction,
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceSumSquare: reduction,
  ReduceLogSumExp: reduction,
  Softmax: alongAxis,
  LogSoftmax: alongAxis,

  // Shapes and layout
  Shape: { domain: "", inputs: { data: "T" }, outputs: { shape: "int64" }, attributes: {}, where: anything },
  Range: {
    domain: "",
    inputs: { start: "T", limit: "T", delta: "T" },
    outputs: { output: "T" },
    attributes: {},
    where: { T: ["int64"] },
  },
  Reshape: {
    domain: "",
    inputs: { data: "T", shape: "int64" },
    outputs: { reshaped: "T" },
    attributes: {},
    where: anything,
  },
  Flatten: { ...unary, attributes: { axis: optional("int", 1) }, where: anything },
  Transpose: { ...unary, attributes: { perm: required("ints") }, where: anything },
  Concat: {
    domain: "",
    inputs: { inputs: "T*" },
    outputs: { result: "T" },
    attributes: { axis: required("int") },
    where: anything,
  },
  Slice: {
    domain: "",
    inputs: { data: "T", starts: "int64", ends: "int64", axes: "int64", steps: "int64" },
    outputs: { output: "T" },
    attributes: {},
    where: anything,
  },
  Pad: {
    domain: "",
    inputs: { data: "T", pads: "int64", value: "T?" },
    outputs: { output: "T" },
    attributes: { mode: optional("string", "constant") },
    where: anything,
  },
  Expand: {
    domain: "",
    inputs: { input: "T", shape: "int64" },
    outputs: { output: "T" },
    attributes: {},
    where: anything,
  },
  Squeeze: {
    domain: "",
    inputs: { data: "T", axes: "int64" },
    outputs: { squeezed: "T" },
    attributes: {},
    where: anything,
  },
  Unsqueeze: {
    domain: "",
    inputs: { data: "T", axes: "int64" },
    outputs: { expanded: "T" },
    attributes: {},
    where: anything,
  },

  // Reading and writing by row
  Gather: {
    domain: "",
    inputs: { data: "T", indices: "I" },
    outputs: { output: "T" },
    attributes: { axis: optional("int", 0) },
    where: { T: DTYPES, I: ["int64", "int32"] },
  },
  GatherElements: {
    domain: "",
    inputs: { data: "T", indices: "I" },
    outputs: { output: "T" },
    attributes: { axis: optional("int", 0) },
    where: { T: DTYPES, I: ["int64", "int32"] },
  },
  GatherND: {
    domain: "",
    inputs: { data: "T", indices: "int64" },
    outputs: { output: "T" },
    attributes: {},
    where: anything,
  },
  ScatterElements: {
    domain: "",
    inputs: { data: "T", indices: "I", updates: "T" },
    outputs: { output: "T" },
    attributes: { axis: optional("int", 0), reduction: optional("string", "none") },
    where: { T: DTYPES, I: ["int64", "int32"] },
  },
  ScatterND: {
    domain: "",
    inputs: { data: "T", indices: "int64", updates: "T" },
    outputs: { output: "T" },
    attributes: { reduction: optional("string", "none") },
    where: anything,
  },
  TopK: {
    domain: "",
    inputs: { X: "T", K: "int64" },
    outputs: { Values: "T", Indices: "int64" },
    attributes: { axis: optional("int", -1), largest: optional("int", 1), sorted: optional("int", 1) },
    where: numbers,
  },

  // Linear algebra
  MatMul: { ...arithmetic, outputs: { Y: "T" }, where: floats },
  Gemm: {
    domain: "",
    inputs: { A: "T", B: "T", C: "T?" },
    outputs: { Y: "T" },
    attributes: {
      alpha: optional("float", 1),
      beta: optional("float", 1),
      transA: optional("int", 0),
      transB: optional("int", 0),
    },
    where: floats,
  },

  // Convolution, pooling, batch normalization; feature maps are [N, C, H, W]
  Conv: {
    domain: "",
    inputs: { X: "T", W: "T", B: "T?" },
    outputs: { Y: "T" },
    attributes: convolution,
    where: floats,
  },
  ConvTranspose: {
    domain: "",
    inputs: { X: "T", W: "T" },
    outputs: { Y: "T" },
    attributes: { ...convolution, outputPadding: optional("ints", [0, 0]) },
    where: floats,
  },
  ConvInputGradient: {
    domain: "instdisc",
    inputs: { dY: "T", W: "T" },
    outputs: { dX: "T" },
    attributes: { ...convolution, inputSize: required("ints") },
    where: floats,
  },
  ConvWeightGradient: {
    domain: "instdisc",
    inputs: { dY: "T", X: "T" },
    outputs: { dW: "T" },
    attributes: { ...convolution, kernelShape: required("ints") },
    where: floats,
  },
  MaxPool: {
    ...unary,
    outputs: { Y: "T", Indices: "int64?" },
    attributes: { ...window, dilations: optional("ints", [1, 1]) },
  },
  MaxPoolGradient: {
    domain: "instdisc",
    inputs: { dY: "T", X: "T", Y: "T" },
    outputs: { dX: "T" },
    attributes: { ...window, dilations: optional("ints", [1, 1]) },
    where: floats,
  },
  AveragePool: { ...unary, attributes: { ...window, countIncludePad: optional("int", 0) } },
  AveragePoolGradient: {
    domain: "instdisc",
    inputs: { dY: "T" },
    outputs: { dX: "T" },
    attributes: { ...window, countIncludePad: optional("int", 0), inputSize: required("ints") },
    where: floats,
  },
  GlobalAveragePool: unary,
  BatchNormalization: {
    domain: "",
    inputs: { X: "T", scale: "T", B: "T", mean: "T", var: "T" },
    outputs: { Y: "T" },
    attributes: { epsilon: optional("float", 1e-5) },
    where: floats,
  },
  BatchNormalizationTraining: {
    domain: "instdisc",
    inputs: { X: "T", scale: "T", B: "T" },
    outputs: { Y: "T", mean: "T", var: "T" },
    attributes: { epsilon: optional("float", 1e-5) },
    where: floats,
  },
  BatchNormalizationGradient: {
    domain: "instdisc",
    inputs: { dY: "T", X: "T", scale: "T", mean: "T", var: "T" },
    outputs: { dX: "T", dScale: "T", dB: "T" },
    attributes: { epsilon: optional("float", 1e-5) },
    where: floats,
  },

  // Blocked feature maps
  ReorderInput: {
    ...unary,
    domain: "com.microsoft.nchwc",
    attributes: { channelsLast: optional("int", 0) },
    where: { T: ["float32"] },
  },
  ReorderOutput: {
    ...unary,
    domain: "com.microsoft.nchwc",
    attributes: { channels: required("int"), channelsLast: optional("int", 0) },
    where: { T: ["float32"] },
  },
  BlockedConv: {
    domain: "com.microsoft.nchwc",
    onnxName: "Conv",
    inputs: { X: "T", W: "T", B: "T?", Sum: "T?" },
    outputs: { Y: "T" },
    attributes: { ...convolution, activation: optional("string", "") },
    where: { T: ["float32"] },
  },
  BlockedGlobalAveragePool: {
    ...unary,
    domain: "com.microsoft.nchwc",
    onnxName: "GlobalAveragePool",
    where: { T: ["float32"] },
  },

  // Weights kept in 8 bits; one scale for all of x, or one for each slice along the axis
  DequantizeLinear: {
    domain: "",
    inputs: { x: "T", x_scale: "float32", x_zero_point: "T?" },
    outputs: { y: "float32" },
    attributes: { axis: optional("int", 1) },
    where: { T: ["int8", "uint8"] },
  },

  // On-device training: in builds of ONNX Runtime with training only
  InPlaceAccumulatorV2: {
    domain: "com.microsoft",
    inputs: { accumulation_buffer: "T", value: "T", overwrite_flag: "bool?" },
    outputs: { updated_flag: "bool" },
    attributes: {},
    where: floats,
  },
} as const satisfies Readonly<Record<string, OpSpec>>;

export type OpTable = typeof opTable;
export type OpKind = keyof OpTable;

/** The operators that lowering must replace. */
export type AbstractOpKind = { [K in OpKind]: OpTable[K]["domain"] extends "instdisc" ? K : never }[OpKind];

export function isAbstract(op: OpKind): op is AbstractOpKind {
  return opTable[op].domain === "instdisc";
}

export function specOf(op: OpKind): OpSpec {
  return opTable[op];
}

/** The operator's name in an ONNX file. */
export function onnxNameOf(op: OpKind): string {
  return specOf(op).onnxName ?? op;
}

type ValueOfKind<S> = S extends { kind: "int" | "float" }
  ? number
  : S extends { kind: "ints" }
    ? readonly number[]
    : S extends { kind: "dtype" }
      ? DType
      : string;

/** Attributes as a node holds them: all there, defaults filled in. */
export type AttributesOf<K extends OpKind> = {
  readonly [A in keyof OpTable[K]["attributes"]]: ValueOfKind<OpTable[K]["attributes"][A]>;
};

type RequiredAttributes<S> = { [A in keyof S]: S[A] extends { default: unknown } ? never : A }[keyof S];

/** Attributes as a caller gives them: those with a default may be left out. */
export type AttributesFor<K extends OpKind> = Partial<AttributesOf<K>> &
  Pick<AttributesOf<K>, RequiredAttributes<OpTable[K]["attributes"]> & keyof AttributesOf<K>>;

/** Inputs by ONNX name, each as `V`: null where an optional one is absent, a list where there may be many. */
export type InputsOf<K extends OpKind, V> = {
  readonly [I in keyof OpTable[K]["inputs"]]: OpTable[K]["inputs"][I] extends `${string}?`
    ? V | null
    : OpTable[K]["inputs"][I] extends `${string}*`
      ? readonly V[]
      : V;
};

export type OutputsOf<K extends OpKind, V> = { readonly [O in keyof OpTable[K]["outputs"]]: V };
