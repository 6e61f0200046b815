/** @file ONNX bytes to Graph: reads what encodeModel writes, and says what else it found. */

import { ArtifactError, GraphError } from "../errors.js";
import { DTYPES, type Tensor } from "../ir/dtype.js";
import type { Graph, GraphOutput, Node, Parameter, Value } from "../ir/graph.js";
import { isAbstract, onnxNameOf, opTable, specOf, type OpKind } from "../ir/opTable.js";
import { sizeBytes, unpackTensor, type RawTensor } from "../ir/rawTensor.js";
import { decodeAttributes } from "./attributes.js";
import { BOUND_INPUT, readNote } from "./boundNote.js";
import { OPSET, OTHER_DOMAINS, type EncodeOptions } from "./encode.js";
import {
  fromInt64,
  readModel,
  REMEDY,
  TensorProto,
  type IGraphProto,
  type ModelProto,
  type NodeProto,
} from "./protobuf.js";
import { decodeValue, dtypeOf, showDataType } from "./valueInfo.js";

/** Faults that a message lists in full; a damaged file may have thousands. */
const LISTED = 20;

/** Its fields are options of encodeModel too: encodeModel(model.graph, model) gives the same bytes. */
export interface DecodedModel extends Required<EncodeOptions> {
  /** Bound tensors are inputs of it again, after all others. Constants are rounded to their dtype. */
  readonly graph: Graph;
  readonly producerName: string;
  readonly opset: number;
}

/**
 * @param where the file, for messages
 * @throws ArtifactError when the bytes are cut short, damaged, not an ONNX model, or one that uses what this
 *   package does not: all offenders are listed
 */
export function decodeModel(bytes: Uint8Array, where: string): DecodedModel {
  const model = readModel(bytes, where);
  const faults: string[] = [];
  const opset = checkOpsets(model, faults);
  checkFeatures(model, faults);
  const reader = new GraphReader(model.graph ?? {}, faults);
  const graph = reader.read();
  if (faults.length > 0) {
    const more = faults.length > LISTED ? `; and ${faults.length - LISTED} faults more` : "";
    throw new ArtifactError(`${where}: ${faults.slice(0, LISTED).join("; ")}${more}; ${REMEDY}`);
  }
  return {
    graph,
    tensors: reader.tensors,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key ?? "", value ?? ""])),
    docString: model.docString,
    opset,
    irVersion: fromInt64(model.irVersion),
    producerName: model.producerName,
    producerVersion: model.producerVersion,
  };
}

function checkOpsets(model: ModelProto, faults: string[]): number {
  let opset = 0;
  for (const { domain, version } of model.opsetImport) {
    const found = fromInt64(version);
    if (!domain || domain === "ai.onnx") opset = found;
    else if (OTHER_DOMAINS[domain] !== found) {
      faults.push(`uses opset ${found} of domain ${domain}, expected ${showDomains()}`);
    }
  }
  if (opset !== OPSET) faults.push(`uses opset ${opset || "none"} of the default domain, expected ${OPSET}`);
  return opset;
}

function showDomains(): string {
  const known = Object.entries(OTHER_DOMAINS).map(([domain, version]) => `${domain} ${version}`);
  return `at most ${known.join(" and ")}`;
}

/** Parts of a model that would be lost on the way through our graph. */
function checkFeatures({ irVersion, functions, trainingInfo, graph }: ModelProto, faults: string[]): void {
  if (!(fromInt64(irVersion) > 0)) faults.push("has no IR version");
  if (functions.length > 0) faults.push(`defines ${functions.length} functions, expected none`);
  if (trainingInfo.length > 0) faults.push("has training information, expected none");
  const sparse = graph?.sparseInitializer?.length ?? 0;
  if (sparse > 0) faults.push(`has ${sparse} sparse initializers, expected none`);
}

/** Reads one graph; keeps what is known of each name on the way. */
class GraphReader {
  readonly tensors = new Map<string, RawTensor>();

  readonly #proto: IGraphProto;
  readonly #faults: string[];
  /** Values defined so far. */
  readonly #values = new Map<string, Value>();
  /** dtypes and shapes of the values that nodes define. */
  readonly #types = new Map<string, Value>();
  readonly #constants = new Map<string, Tensor>();
  readonly #parameters = new Map<string, Parameter>();

  constructor(proto: IGraphProto, faults: string[]) {
    this.#proto = proto;
    this.#faults = faults;
  }

  read(): Graph {
    const free = (this.#proto.input ?? []).flatMap((info) => {
      const value = decodeValue(info);
      if (typeof value === "string") return this.#fault(value);
      this.#define(value);
      this.#readNote(info.docString ?? "", value);
      return [value];
    });
    const bound = (this.#proto.initializer ?? []).flatMap((tensor) => this.#readTensor(tensor));
    for (const info of [...(this.#proto.valueInfo ?? []), ...(this.#proto.output ?? [])]) {
      const value = decodeValue(info);
      if (typeof value === "string") this.#fault(value);
      else this.#types.set(value.name, value);
    }
    const nodes = this.#readNodes();
    return {
      name: this.#proto.name ?? "",
      nodes,
      inputs: [...free, ...bound],
      outputs: this.#readOutputs(),
      constants: this.#constants,
      parameters: this.#parameters,
    };
  }

  #fault(message: string): never[] {
    this.#faults.push(message);
    return [];
  }

  #define(value: Value): void {
    if (this.#values.has(value.name)) this.#fault(`value ${value.name} is defined twice`);
    this.#values.set(value.name, value);
  }

  #readNote(note: string, value: Value): void {
    const parameter = readNote(note, value);
    if (parameter !== null) this.#parameters.set(value.name, parameter);
  }

  /** A bound input, as a list of one; none for a constant. */
  #readTensor(tensor: TensorProto): Value[] {
    const name = tensor.name ?? "";
    const where = `initializer ${name}`;
    const dtype = dtypeOf(tensor.dataType);
    const shape = (tensor.dims ?? []).map(fromInt64);
    if (name === "") return this.#fault("an initializer has no name");
    if (dtype === null) {
      return this.#fault(
        `${where} is ${showDataType(tensor.dataType)}, expected one of ${DTYPES.join(", ")}`,
      );
    }
    if (shape.some((size) => !(size >= 0)))
      return this.#fault(`${where} has a size that is not a whole number`);
    if (tensor.dataLocation === TensorProto.DataLocation.EXTERNAL)
      return this.#fault(`${where} lies in another file`);

    const value: Value = { name, dtype, shape };
    const raw: RawTensor = { dtype, shape, bytes: tensor.rawData ?? new Uint8Array() };
    const note = tensor.docString ?? "";
    this.#define(value);
    this.#readNote(note, value);
    const expected = sizeBytes(dtype, shape);
    if (raw.bytes.length !== expected)
      return this.#fault(`${where} has ${raw.bytes.length} bytes, expected ${expected}`);
    if (note !== BOUND_INPUT && !this.#parameters.has(name)) return this.#readConstant(raw, where, name);
    this.tensors.set(name, raw);
    return [value];
  }

  #readConstant(raw: RawTensor, where: string, name: string): never[] {
    try {
      this.#constants.set(name, unpackTensor(raw, where));
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      this.#fault(error.message);
    }
    return [];
  }

  #readNodes(): Node[] {
    const protos = this.#proto.node ?? [];
    const unknown = protos.filter((node) => knownOp(node) === null).map(showOp);
    if (unknown.length > 0) {
      this.#fault(`operators ${[...new Set(unknown)].join(", ")} are not among those of this package`);
    }
    const names = new Set<string>();
    return protos.flatMap((proto) => {
      const name = proto.name ?? "";
      if (name === "" || names.has(name))
        this.#fault(`a node ${showOp(proto)} has ${name === "" ? "no name" : `the name ${name} of another`}`);
      names.add(name);
      const op = knownOp(proto);
      const outputs = (proto.output ?? []).flatMap((output) => this.#readOutput(output, name));
      if (op === null) return [];
      const where = `node ${name} (${op})`;
      const inputs = this.#readInputs(
        op,
        proto.input ?? [],
        new Set(outputs.map((value) => value.name)),
        where,
      );
      this.#checkCount(op, outputs.length, where);
      return [
        {
          name,
          op,
          inputs,
          outputs,
          attributes: decodeAttributes(op, proto.attribute ?? [], where, this.#faults),
        },
      ];
    });
  }

  #readOutput(name: string, node: string): Value[] {
    const value = this.#types.get(name);
    if (value === undefined)
      return this.#fault(`value ${name || '""'} of node ${node} has no dtype and shape`);
    this.#define(value);
    return [value];
  }

  #readInputs(
    op: OpKind,
    found: readonly string[],
    own: ReadonlySet<string>,
    where: string,
  ): (Value | null)[] {
    const types = Object.entries(specOf(op).inputs);
    const isList = types.at(-1)?.[1].endsWith("*") ?? false;
    if (found.length > types.length && !isList) {
      this.#fault(`${where} has ${found.length} inputs, expected at most ${types.length}`);
    }
    return Array.from({ length: Math.max(found.length, isList ? 0 : types.length) }, (_, at) => {
      const name = found[at] ?? "";
      const [label, type] = types[at] ?? types.at(-1)!;
      const value = own.has(name) ? undefined : this.#values.get(name);
      if (name === "" && !type.endsWith("?")) this.#fault(`${where} lacks input ${label}`);
      else if (name !== "" && value === undefined)
        this.#fault(`${where} reads ${name}, which nothing before it defines`);
      return value ?? null;
    });
  }

  #checkCount(op: OpKind, found: number, where: string): void {
    const types = Object.values(specOf(op).outputs);
    const least = types.filter((type) => !type.endsWith("?")).length;
    if (found < least || found > types.length) {
      this.#fault(
        `${where} has ${found} outputs, expected ${least === types.length ? least : `${least} to ${types.length}`}`,
      );
    }
  }

  #readOutputs(): GraphOutput[] {
    return (this.#proto.output ?? []).flatMap(({ name }) => {
      const value = this.#values.get(name ?? "");
      if (value === undefined) return this.#fault(`output ${name || '""'} is computed by no node`);
      return [{ name: value.name, value }];
    });
  }
}

const KNOWN: ReadonlyMap<string, OpKind> = new Map(
  (Object.keys(opTable) as OpKind[])
    .filter((op) => !isAbstract(op))
    .map((op) => [showOp({ opType: onnxNameOf(op), domain: specOf(op).domain }), op]),
);

/** null: not in the table, or not an operator of ONNX. */
function knownOp({ opType, domain }: NodeProto): OpKind | null {
  return (
    KNOWN.get(showOp({ opType: opType ?? "", domain: domain === "ai.onnx" ? "" : (domain ?? "") })) ?? null
  );
}

function showOp({ opType, domain }: NodeProto): string {
  return `${domain ? `${domain}.` : ""}${opType || '""'}`;
}
