/**
 * @file The encoder in half precision: half the size, and about twice as fast where the hardware computes in it.
 *
 * Inputs and outputs stay float32. So does what half precision, with eleven bits and 65,504 at most, is too coarse for:
 * means over whole maps, normalization by given statistics, and all that follows from a sum of squares.
 */

import { LoweringError } from "../../errors.js";
import { isFloat, type DType } from "../../ir/dtype.js";
import type { Graph, Node, Value } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import { packTensor, toFloat32, type RawTensor } from "../../ir/rawTensor.js";
import { GraphBuilder } from "../../ops/builder.js";
import { namesRead, readEncoder, writeModelFile, type BoundGraph } from "./boundGraph.js";
import { emitAgain } from "./emitAgain.js";
import { foldNormalization } from "./foldNormalization.js";

/**
 * onnx/model_fp16.onnx.
 * @param encoder bytes of encoder.onnx: pixel_values float32 → image_embeds, pooler_output; so is the result
 * @throws ArtifactError when the bytes are not a model of this package
 * @throws LoweringError listing every tensor with numbers that half precision cannot hold
 */
export function halfModel(encoder: Uint8Array): Uint8Array {
  const source = readEncoder(encoder);
  const docString = `${source.docString} Weights and sums in float16; inputs and outputs in float32.`;
  return writeModelFile(source, toHalf(foldNormalization(source)), docString.trim());
}

const COARSE: ReadonlySet<OpKind> = new Set(["GlobalAveragePool", "BatchNormalization", "ReduceSumSquare"]);
/** They compute nothing, so they take what comes. */
const VIEWS: ReadonlySet<OpKind> = new Set(["Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity"]);

function toHalf({ graph, tensors }: BoundGraph): BoundGraph {
  const full = nodesInFull(graph);
  const readInFull = new Set([...full].flatMap(namesRead));
  const rounded = new Map(
    [...tensors].map(([name, tensor]) => [
      name,
      tensor.dtype === "float32" && !readInFull.has(name) ? roundTensor(tensor, name) : tensor,
    ]),
  );
  const faults = [...rounded].filter(([name, half]) => overflows(half, tensors.get(name)!));
  if (faults.length > 0) {
    throw new LoweringError(
      `half precision: ${faults.map(([name]) => name).join(", ")}: found numbers of 65,520 or more, ` +
        "expected smaller ones; use the model in float32 or int8",
    );
  }
  return { graph: new HalfGraph(graph, rounded).build(full), tensors: rounded };
}

/** Nodes that compute in float32. */
function nodesInFull({ nodes }: Graph): ReadonlySet<Node> {
  const full = new Set<Node>();
  const afterSquares = new Set<string>();
  for (const node of nodes) {
    const follows = node.op === "ReduceSumSquare" || namesRead(node).some((name) => afterSquares.has(name));
    if (follows) for (const { name } of node.outputs) afterSquares.add(name);
    if (follows || COARSE.has(node.op)) full.add(node);
  }
  return full;
}

function roundTensor(tensor: RawTensor, name: string): RawTensor {
  return packTensor({ dtype: "float16", shape: tensor.shape, data: toFloat32(tensor, name) }, name);
}

function overflows(half: RawTensor, tensor: RawTensor): boolean {
  if (half.dtype !== "float16") return false;
  const original = toFloat32(tensor, "tensor");
  return toFloat32(half, "half").some(
    (number, at) => !Number.isFinite(number) && Number.isFinite(original[at]),
  );
}

/** Builds the graph anew, with a Cast wherever a node meets a float of the other precision. */
class HalfGraph {
  readonly #graph: Graph;
  readonly #builder: GraphBuilder;
  /** What stands for each value of the old graph. */
  readonly #current = new Map<string, Value>();
  readonly #casts = new Map<string, Value>();

  constructor(graph: Graph, tensors: BoundGraph["tensors"]) {
    this.#graph = graph;
    this.#builder = new GraphBuilder(graph.name);
    for (const { name, dtype, shape } of graph.inputs) {
      this.#current.set(name, this.#builder.input(name, tensors.get(name)?.dtype ?? dtype, shape));
    }
  }

  build(full: ReadonlySet<Node>): Graph {
    for (const node of this.#graph.nodes) this.#add(node, full.has(node));
    for (const { name, value } of this.#graph.outputs)
      this.#builder.output(name, this.#as(value, value.dtype));
    return this.#builder.build();
  }

  #add(node: Node, inFull: boolean): void {
    const first = node.inputs[0] ? this.#current.get(node.inputs[0].name) : undefined;
    const dtype = VIEWS.has(node.op) && first ? first.dtype : inFull ? "float32" : "float16";
    const inputs = node.inputs.map((value) => value && this.#as(value, dtype));
    for (const [name, value] of emitAgain(this.#builder, node, inputs)) this.#current.set(name, value);
  }

  /** What stands for `value`; a float in the precision `dtype`. */
  #as(value: Value, dtype: DType): Value {
    const constant = this.#graph.constants.get(value.name);
    if (constant) return this.#builder.constant(isFloat(constant.dtype) ? { ...constant, dtype } : constant);
    const current = this.#current.get(value.name)!;
    if (!isFloat(current.dtype) || current.dtype === dtype) return current;
    const key = `${value.name} ${dtype}`;
    const cast = this.#casts.get(key) ?? this.#builder.op.cast(current, dtype);
    this.#casts.set(key, cast);
    return cast;
  }
}
