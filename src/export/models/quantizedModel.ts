/**
 * @file The encoder with weights of 8 bits: a quarter of the size.
 *
 * Weights only: each is kept as int8 with one float32 scale for each output channel, and DequantizeLinear gives it back
 * as float32 before its Conv, Gemm or MatMul. Sums and activations stay float32. Activations in 8 bits would need
 * pictures to measure their ranges on, drift more, and want kernels (ConvInteger, QLinearConv) that WebGPU does not have.
 * int8 around 0, and not uint8 with a zero point, since a channel of weights lies about evenly on both sides of 0; every
 * provider has the kernel.
 */

import { viewNode, type Graph, type Node, type Value } from "../../ir/graph.js";
import { asFloat32, fromFloat32, type RawTensor } from "../../ir/rawTensor.js";
import { stridesOf } from "../../ir/shape.js";
import { GraphBuilder } from "../../ops/builder.js";
import { countUses, readEncoder, weightOf, writeModelFile, type BoundGraph } from "./boundGraph.js";
import { foldNormalization } from "./foldNormalization.js";

/** Symmetric: -128 would have no counterpart. */
const MOST = 127;

/**
 * onnx/model_quantized.onnx, and the same as onnx/model_int8.onnx.
 * @param encoder bytes of encoder.onnx: pixel_values float32 → image_embeds, pooler_output; so is the result
 * @throws ArtifactError when the bytes are not a model of this package
 */
export function quantizedModel(encoder: Uint8Array): Uint8Array {
  const source = readEncoder(encoder);
  const docString = `${source.docString} Weights in int8, one scale for each output channel; computes in float32.`;
  return writeModelFile(source, quantizeWeights(foldNormalization(source)), docString.trim());
}

interface Plan {
  /** Of the weights among the node's inputs. */
  readonly position: number;
  readonly codes: Value;
  readonly scales: Value;
  readonly axis: number;
}

function quantizeWeights({ graph, tensors }: BoundGraph): BoundGraph {
  const uses = countUses(graph);
  const quantized = new Map(tensors);
  const plans = new Map<Node, Plan>();
  for (const node of graph.nodes) {
    const where = weightsOf(node);
    const weight = where && node.inputs[where.position]!;
    const tensor = weightOf(tensors, weight);
    if (where === null || weight === null || tensor === null || uses.get(weight.name) !== 1) continue;
    const { codes, scales } = quantizeTensor(tensor, where.axis);
    const scaleName = `${weight.name}.scale`;
    quantized.set(weight.name, codes).set(scaleName, scales);
    plans.set(node, {
      ...where,
      codes: { ...weight, dtype: "int8" },
      scales: { name: scaleName, dtype: "float32", shape: scales.shape },
    });
  }
  return { graph: insertDequantization(graph, plans), tensors: quantized };
}

/** Where a node keeps its weights, and on which axis of them its output channels lie; null: it has none. */
function weightsOf(node: Node): Pick<Plan, "position" | "axis"> | null {
  switch (node.op) {
    case "Conv":
      return { position: 1, axis: 0 };
    case "Gemm":
      return { position: 1, axis: viewNode({ ...node, op: node.op }).attributes.transB ? 0 : 1 };
    case "MatMul":
      return { position: 1, axis: node.inputs[1]!.shape.length - 1 };
    default:
      return null;
  }
}

/** Codes in [-127, 127], and the size of one step for each slice along `axis`. A slice of zeros has step 1. */
export function quantizeTensor(
  tensor: RawTensor,
  axis: number,
): { readonly codes: RawTensor; readonly scales: RawTensor } {
  const { shape } = tensor;
  const numbers = asFloat32(tensor, "weights");
  const slices = shape[axis]!;
  const inner = stridesOf(shape)[axis]!;
  const sliceOf = (at: number): number => Math.floor(at / inner) % slices;
  const largest = new Float32Array(slices);
  numbers.forEach((number, at) => {
    largest[sliceOf(at)] = Math.max(largest[sliceOf(at)]!, Math.abs(number));
  });
  const scales = largest.map((most) => (most === 0 ? 1 : most / MOST));
  const codes = Int8Array.from(numbers, (number, at) => Math.round(number / scales[sliceOf(at)]!));
  return {
    codes: { dtype: "int8", shape, bytes: new Uint8Array(codes.buffer) },
    scales: fromFloat32(scales, [slices]),
  };
}

function insertDequantization(graph: Graph, plans: ReadonlyMap<Node, Plan>): Graph {
  const added = [...plans.values()];
  const codes = new Map(added.map((plan) => [plan.codes.name, plan.codes]));
  const inputs = [
    ...graph.inputs.map((value) => codes.get(value.name) ?? value),
    ...added.map((plan) => plan.scales),
  ];
  const builder = GraphBuilder.from({ ...graph, inputs, nodes: [], outputs: [] });
  for (const node of graph.nodes) {
    const plan = plans.get(node);
    if (plan === undefined) {
      builder.adopt(node);
      continue;
    }
    const weights = builder.scope(node.name.replace(/^\//, ""), () =>
      builder.op.dequantizeLinear(plan.codes, plan.scales, null, plan.axis),
    );
    builder.adopt({
      ...node,
      inputs: node.inputs.map((value, position) => (position === plan.position ? weights : value)),
    });
  }
  for (const { name, value } of graph.outputs) builder.output(name, value);
  return builder.build();
}
