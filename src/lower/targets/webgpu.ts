/**
 * @file The WebGPU execution provider of ONNX Runtime, in Node and in browsers: every node runs on the device. What it
 * lacks, or gets wrong, was found by running every operator in onnxruntime 1.29.
 */

import type { DType } from "../../ir/dtype.js";
import { viewNode, type Graph, type Node, type NodeView } from "../../ir/graph.js";
import { specOf, type OpKind } from "../../ir/opTable.js";
import { inputGradientByConvTranspose, inputGradientPerGroup } from "../lowerings/convolution.js";
import { maxPoolGradientByTaps } from "../lowerings/pooling.js";
import { logSoftmaxByParts } from "../lowerings/reduction.js";
import { padChannels } from "../passes/padChannels.js";
import type { Target } from "../target.js";
import { cpu } from "./cpu.js";

/** What most kernels take. */
const COMMON: readonly DType[] = ["float32", "float16", "int32"];
const FLOATS: readonly DType[] = ["float32", "float16"];

/** Types that an operator takes as data; COMMON where nothing is said. */
const TYPES: Partial<Record<OpKind, readonly DType[]>> = {
  Cast: [...COMMON, "bool", "uint8"],
  Where: [...COMMON, "bool"],
  Gather: [...COMMON, "bool", "uint8"],
  Reshape: [...COMMON, "bool", "uint8"],
  Expand: [...COMMON, "bool", "uint8"],
  Unsqueeze: [...COMMON, "bool"],
  Neg: FLOATS,
  Abs: FLOATS,
  Slice: FLOATS,
  GatherElements: FLOATS,
  DequantizeLinear: ["int8", "uint8"],
  // Only the shape is read.
  Shape: ["float32", "float64", "float16", "int64", "int32", "int8", "uint8", "bool"],
};
/** What Cast makes. */
const CAST_TO: readonly DType[] = [...COMMON, "int64", "bool", "uint8"];

/** Type variables of the table that are data; those called I are rows to gather or scatter, which may be int64. */
const DATA = ["T", "T?", "T*"];

/** Wrong numbers, in silence: one output channel in each of several groups, and an even number of input channels. */
function isMistaken({ inputs: { dY, W }, attributes: { group } }: NodeView<"ConvInputGradient">): boolean {
  return group > 1 && W.shape[1] === 1 && ((dY.shape[1] as number) / group) % 2 === 0;
}

export const webgpu: Target = {
  ep: "webgpu",
  candidates: {
    ...cpu.candidates,
    ConvInputGradient: [
      {
        name: "perGroup",
        applies: isMistaken,
        lower: (op, node) => ({ dX: inputGradientPerGroup(op, node, inputGradientByConvTranspose) }),
      },
      ...cpu.candidates.ConvInputGradient.map((candidate) => ({
        ...candidate,
        applies: (node: NodeView<"ConvInputGradient">) =>
          !isMistaken(node) && (candidate.applies?.(node) ?? true),
      })),
    ],
    // Its MaxPool gives no indices.
    MaxPoolGradient: [{ name: "taps", lower: (op, node) => ({ dX: maxPoolGradientByTaps(op, node) }) }],
    LogSoftmax: [{ name: "parts", lower: (op, node) => ({ Y: logSoftmaxByParts(op, node) }) }],
  },
  passes: [padChannels],
  refusal: (node, graph) => missing(node, graph) ?? wrongType(node) ?? wrongNumbers(node, graph),
};

function missing({ op, outputs }: Node, graph: Graph): string | null {
  if (specOf(op).domain !== "") return "the provider has none of this domain; lower the graph for the cpu";
  if (op === "Round") return "the provider has no kernel for it; leave rounding to the host";
  const indices = op === "MaxPool" ? outputs[1]!.name : null;
  const isRead =
    graph.nodes.some(({ inputs }) => inputs.some((value) => value?.name === indices)) ||
    graph.outputs.some(({ value }) => value.name === indices);
  return indices !== null && isRead
    ? "the provider gives no indices of maxima; compare the pixels with the maxima instead"
    : null;
}

function wrongType(node: Node): string | null {
  const kinds = Object.values(specOf(node.op).inputs);
  const taken = TYPES[node.op] ?? COMMON;
  const data = node.inputs.filter((_, at) => DATA.includes(kinds[Math.min(at, kinds.length - 1)]!));
  const found = data.find((value) => value && !taken.includes(value.dtype));
  if (found) return `takes ${found.dtype} as ${found.name}, expected ${taken.join(", ")}; cast on the host`;
  const to = node.op === "Cast" ? (node.attributes["to"] as DType) : null;
  return to !== null && !CAST_TO.includes(to)
    ? `makes ${to}, expected ${CAST_TO.join(", ")}; cast on the host`
    : null;
}

/** Kernels that run and give other numbers than the CPU's. */
function wrongNumbers(node: Node, graph: Graph): string | null {
  if (isOp(node, "Slice")) {
    const steps = graph.constants.get(viewNode(node).inputs.steps.name)?.data ?? [];
    if (Array.from(steps).some((step) => step < -1))
      return "the provider takes wrong elements at steps below -1; turn the axis first, then take every n-th";
  }
  if (isOp(node, "Conv") && losesPadding(viewNode(node)))
    return "the provider drops the padding below and right of a kernel as large as the picture; pad on all sides";
  if (isOp(node, "Conv") && mixesGroups(viewNode(node)))
    return "the provider computes several filters at once, here of two groups; split the groups";
  if (isOp(node, "ConvTranspose")) {
    const { X, W } = viewNode(node).inputs;
    const { group } = viewNode(node).attributes;
    if (group > 1 && W.shape[1] === 1 && ((X.shape[1] as number) / group) % 2 === 0)
      return "the provider gives wrong numbers for groups of one filter; split the groups";
  }
  return null;
}

function losesPadding({ inputs: { X, W }, attributes: { pads } }: NodeView<"Conv">): boolean {
  const [top, left, bottom, right] = pads;
  const isWhole = [2, 3].every((axis) => X.shape[axis] === W.shape[axis]);
  return isWhole && top === 0 && left === 0 && (bottom! > 0 || right! > 0);
}

/** Four filters at once, or two, by their number in all: a group must hold whole fours, or pairs. */
function mixesGroups({ inputs: { W }, attributes: { group } }: NodeView<"Conv">): boolean {
  const filters = W.shape[0] as number;
  const [each, atOnce] = [filters / group, [4, 2].find((count) => filters % count === 0) ?? 1];
  return group > 1 && each >= 4 && each % atOnce !== 0;
}

const isOp = <K extends OpKind>(node: Node, op: K): node is Node & { readonly op: K } => node.op === op;
