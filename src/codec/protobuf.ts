/**
 * @file The door to protobuf: the only module that imports onnx-proto and protobufjs.
 *
 * protobufjs writes a BigInt as 0 without a word, so 64-bit integers pass as Long, made and read here.
 */

import Long from "long";
import onnxProto, { type onnx } from "onnx-proto";
import protobuf from "protobufjs/minimal.js";
import { ArtifactError } from "../errors.js";

export type ModelProto = onnx.ModelProto;
export type IModelProto = onnx.IModelProto;
export type IGraphProto = onnx.IGraphProto;
export type NodeProto = onnx.INodeProto;
export type AttributeProto = onnx.IAttributeProto;
export type TensorProto = onnx.ITensorProto;
export type ValueInfoProto = onnx.IValueInfoProto;
export type DimensionProto = onnx.TensorShapeProto.IDimension;

export const { AttributeProto, TensorProto } = onnxProto.onnx;
const { ModelProto, GraphProto } = onnxProto.onnx;

export const REMEDY = "copy the file again or rebuild it with build-graph";

/** @throws RangeError beyond ±2^53, where a number is no longer one integer */
export function toInt64(value: number): Long {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number of at most 2^53`);
  return Long.fromNumber(value);
}

/** The number that an int64 field holds; NaN where it lies beyond ±2^53 or is missing. */
export function fromInt64(value: number | Long | null | undefined): number {
  if (value === null || value === undefined) return NaN;
  const number = typeof value === "number" ? value : Long.fromValue(value).toNumber();
  return Number.isSafeInteger(number) ? number : NaN;
}

/** How a field is laid out: a number, or a length and that many bytes. */
const Wire = { Varint: 0, Delimited: 2 } as const;

/** The fields of ModelProto by number. Source: onnx.proto of ONNX 1.19, which only added to older ones. */
const MODEL_FIELDS: Readonly<Record<number, readonly [name: string, wire: number]>> = {
  1: ["ir_version", Wire.Varint],
  2: ["producer_name", Wire.Delimited],
  3: ["producer_version", Wire.Delimited],
  4: ["domain", Wire.Delimited],
  5: ["model_version", Wire.Varint],
  6: ["doc_string", Wire.Delimited],
  7: ["graph", Wire.Delimited],
  8: ["opset_import", Wire.Delimited],
  14: ["metadata_props", Wire.Delimited],
  20: ["training_info", Wire.Delimited],
  25: ["functions", Wire.Delimited],
  26: ["configuration", Wire.Delimited],
};
const GRAPH_FIELD = 7;

/** The graph comes last, so that a file cut short anywhere lacks a part of it, and is recognised. */
export function writeModel(head: IModelProto, graph: IGraphProto): Uint8Array {
  const writer = new protobuf.Writer();
  ModelProto.encode(head, writer);
  writer.uint32((GRAPH_FIELD << 3) | Wire.Delimited).fork();
  GraphProto.encode(graph, writer).ldelim();
  const bytes = writer.finish();
  // Small messages come as views into the pool of protobufjs.
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** @throws ArtifactError when the bytes are not an ONNX model, or not all of one */
export function readModel(bytes: Uint8Array, where: string): ModelProto {
  // Out of a Buffer, tensors would come as Buffers too.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const fault = findFault(plain);
    if (fault !== null) throw new ArtifactError(`${where}: ${fault}; ${REMEDY}`);
    return ModelProto.decode(new protobuf.Reader(plain));
  } catch (error) {
    if (error instanceof ArtifactError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ArtifactError(
      `${where}: the ${bytes.length} bytes do not decode as an ONNX model (${reason}); ${REMEDY}`,
      { cause: error },
    );
  }
}

/** Walks the outermost fields: what keeps the bytes from being a whole model, or null. */
function findFault(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return "is empty, expected an ONNX model";
  const reader = new protobuf.Reader(bytes);
  let hasGraph = false;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const [name, wire] = MODEL_FIELDS[tag >>> 3] ?? [];
    if (name === undefined || wire !== (tag & 7)) {
      const found = Array.from(bytes.subarray(start, start + 8), (byte) =>
        byte.toString(16).padStart(2, "0"),
      );
      return `byte ${start} begins ${found.join(" ")}, expected a field of an ONNX model`;
    }
    if (wire === Wire.Varint) reader.skip();
    else {
      const length = reader.uint32();
      const left = reader.len - reader.pos;
      if (length > left)
        return `is cut short: ${name} at byte ${start} is ${length} bytes long, and ${left} are left`;
      reader.skip(length);
    }
    hasGraph ||= tag >>> 3 === GRAPH_FIELD;
  }
  return hasGraph
    ? null
    : `ends after ${bytes.length} bytes without a graph, expected an ONNX model with one`;
}
