/** @file Graph to ONNX bytes. Equal graphs and options give equal bytes. */

import { GraphError, LoweringError } from "../errors.js";
import type { Graph, Node, Value } from "../ir/graph.js";
import { isAbstract, onnxNameOf, specOf } from "../ir/opTable.js";
import { packTensor, sizeBytes, type RawTensor } from "../ir/rawTensor.js";
import { isStatic, shapesEqual, showShape } from "../ir/shape.js";
import { encodeAttributes } from "./attributes.js";
import { BOUND_INPUT, writeNote } from "./boundNote.js";
import { toInt64, writeModel, type NodeProto, type TensorProto } from "./protobuf.js";
import { DATA_TYPES, encodeValue } from "./valueInfo.js";

export const PRODUCER = "onnx-instdisc";
/** The newest that every kernel we need is registered for, on every execution provider. */
export const OPSET = 18;
/** ONNX 1.10, the first that knows what opset 18 needs and the one that onnx-proto writes. */
export const IR_VERSION = 8;

/** Domains beside the default one that a file may use, with their opset. */
export const OTHER_DOMAINS: Readonly<Record<string, number>> = {
  "com.microsoft": 1,
  "com.microsoft.nchwc": 1,
};

export interface EncodeOptions {
  /** Version of this package. */
  readonly producerVersion: string;
  /** Inputs to bind: they become initializers, and the model no longer asks for them. */
  readonly tensors?: ReadonlyMap<string, RawTensor>;
  readonly docString?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly irVersion?: number;
}

/**
 * @throws LoweringError when the graph holds operators that ONNX does not have
 * @throws GraphError when outputs are not named after their values, or a tensor does not fit its input
 */
export function encodeModel(graph: Graph, options: EncodeOptions): Uint8Array {
  const tensors = options.tensors ?? new Map<string, RawTensor>();
  checkEncodable(graph);
  const faults = bindingFaults(graph, tensors);
  if (faults.length > 0) throw new GraphError(`graph ${graph.name}: ${faults.join("; ")}`);

  const used = usedNames(graph);
  const nodes = graph.nodes.map((node) => ({ ...node, outputs: wantedOutputs(node, used) }));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const noteOf = (name: string): string => {
    const parameter = graph.parameters.get(name);
    return parameter === undefined ? "" : writeNote(parameter);
  };

  const [bound, free] = partition(graph.inputs, ({ name }) => tensors.has(name));
  const constants = [...graph.constants].filter(([name]) => used.has(name)); // the runtime warns of unused ones
  return writeModel(
    {
      irVersion: toInt64(options.irVersion ?? IR_VERSION),
      producerName: PRODUCER,
      producerVersion: options.producerVersion,
      ...(options.docString ? { docString: options.docString } : {}),
      opsetImport: opsets(graph),
      metadataProps: Object.entries(options.metadata ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => ({ key, value })),
    },
    {
      name: graph.name,
      node: nodes.map(encodeNode),
      initializer: [
        ...bound.map(({ name }) => encodeTensor(name, tensors.get(name)!, noteOf(name) || BOUND_INPUT)),
        ...constants.map(([name, tensor]) => encodeTensor(name, packTensor(tensor, `constant ${name}`))),
      ],
      input: free.map((value) => encodeValue(value, noteOf(value.name))),
      output: graph.outputs.map(({ value }) => encodeValue(value, "")),
      valueInfo: nodes
        .flatMap((node) => node.outputs)
        .filter(({ name }) => !outputs.has(name))
        .map((value) => encodeValue(value, "")),
    },
  );
}

/** What keeps `tensors` from being bound to inputs of the graph. */
export function bindingFaults(graph: Graph, tensors: ReadonlyMap<string, RawTensor>): string[] {
  const inputs = new Map(graph.inputs.map((value) => [value.name, value]));
  return [...tensors].flatMap(([name, { dtype, shape, bytes }]) => {
    const input = inputs.get(name);
    if (input === undefined) return [`tensor ${name} has no input to bind to`];
    const fits = input.dtype === dtype && isStatic(input.shape) && shapesEqual(input.shape, shape);
    if (!fits) {
      return [
        `tensor ${name} is ${dtype} ${showShape(shape)}, expected ${input.dtype} ${showShape(input.shape)}`,
      ];
    }
    const expected = sizeBytes(dtype, shape);
    return bytes.length === expected
      ? []
      : [`tensor ${name} has ${bytes.length} bytes, expected ${expected}`];
  });
}

function checkEncodable(graph: Graph): void {
  const abstract = graph.nodes.filter(({ op }) => isAbstract(op));
  if (abstract.length > 0) {
    const list = abstract.map(({ name, op }) => `${name} (${op})`).join(", ");
    throw new LoweringError(`graph ${graph.name}: ONNX has no operator for ${list}; lower the graph first`);
  }
  const misnamed = graph.outputs.filter(({ name, value }) => name !== value.name);
  if (misnamed.length > 0) {
    const list = misnamed.map(({ name, value }) => `output ${name} is value ${value.name}`).join(", ");
    throw new GraphError(`graph ${graph.name}: ${list}, expected the same name; run nameOutputs first`);
  }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** Names of the values that a node reads or the graph returns. */
function usedNames(graph: Graph): ReadonlySet<string> {
  const read = graph.nodes.flatMap(({ inputs }) =>
    inputs.flatMap((value) => (value === null ? [] : [value.name])),
  );
  return new Set([...read, ...graph.outputs.map(({ value }) => value.name)]);
}

/** Outputs without those at the end that are optional and unused: some providers cannot compute them. */
function wantedOutputs({ op, outputs }: Node, used: ReadonlySet<string>): readonly Value[] {
  const types = Object.values(specOf(op).outputs);
  let count = outputs.length;
  while (count > 0 && types[count - 1]!.endsWith("?") && !used.has(outputs[count - 1]!.name)) count--;
  return outputs.slice(0, count);
}

function encodeNode({ name, op, inputs, outputs, attributes }: Node): NodeProto {
  const given = inputs.findLastIndex((value) => value !== null) + 1;
  const { domain } = specOf(op);
  return {
    name,
    opType: onnxNameOf(op),
    ...(domain === "" ? {} : { domain }),
    input: inputs.slice(0, given).map((value) => value?.name ?? ""),
    output: outputs.map((value) => value.name),
    attribute: encodeAttributes(op, attributes),
  };
}

function encodeTensor(name: string, { dtype, shape, bytes }: RawTensor, note = ""): TensorProto {
  return {
    name,
    dataType: DATA_TYPES[dtype],
    dims: shape.map(toInt64),
    rawData: bytes,
    ...(note === "" ? {} : { docString: note }),
  };
}

function opsets(graph: Graph): { domain: string; version: ReturnType<typeof toInt64> }[] {
  const domains = new Set<string>(graph.nodes.map(({ op }) => specOf(op).domain));
  const others = Object.entries(OTHER_DOMAINS).filter(([domain]) => domains.has(domain));
  return [["", OPSET] as const, ...others].map(([domain, version]) => ({
    domain,
    version: toInt64(version),
  }));
}
