/**
 * @file The checkpoint of ONNX Runtime's on-device training: parameters, and what an optimizer remembers of them.
 * Source: onnxruntime 1.19, core/flatbuffers/schema/ort_training_checkpoint.fbs and ort.fbs
 */

import { ArtifactError } from "../../errors.js";
import type { DType } from "../../ir/dtype.js";
import { sizeBytes, type RawTensor } from "../../ir/rawTensor.js";
import { showShape } from "../../ir/shape.js";
import {
  addInt64s,
  addOffsets,
  addTable,
  BufferFault,
  createBuilder,
  Table,
  type Builder,
} from "./flatbuffers.js";

export interface Checkpoint {
  /** Parameters that the optimizer changes. */
  readonly trainable: ReadonlyMap<string, RawTensor>;
  /** Parameters that it leaves alone: running statistics. */
  readonly frozen: ReadonlyMap<string, RawTensor>;
  /** null: training has not begun, and the runtime starts with moments of 0. */
  readonly optimizer: OptimizerState | null;
  /** Free for any use. Floats are single. */
  readonly properties: ReadonlyMap<string, Property>;
}

export interface OptimizerState {
  /** Steps taken. */
  readonly step: number;
  readonly initialLearningRate: number;
  /** First, and for AdamW second, moments of each parameter. */
  readonly moments: ReadonlyMap<string, readonly RawTensor[]>;
}

export type Property =
  | { readonly kind: "int" | "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string };

const IDENTIFIER = "ODTC";
/** The only one that onnxruntime 1.19 reads. */
const FORMAT_VERSION = 2;
const GROUP = "group0";
const momentName = (at: number): string => `momentum${at}`;
const REMEDY = "copy the file again or rebuild it with build-graph";

/** Field numbers of each table of the schema, and how many fields it has. */
const ROOT = { count: 4, version: 0, moduleState: 1, optimizerGroups: 2, propertyBag: 3 } as const;
const MODULE = { count: 4, requiresGrad: 0, frozen: 1, isNominal: 2, hasExternalData: 3 } as const;
const OPTIMIZER = { count: 4, name: 0, step: 1, initialLearningRate: 2, states: 3 } as const;
const STATE = { count: 2, parameter: 0, moments: 1 } as const;
const BAG = { count: 3, int: 0, float: 1, string: 2 } as const;
const PROPERTY = { count: 2, name: 0, value: 1 } as const;
const TENSOR = { count: 7, name: 0, dims: 2, dataType: 3, rawData: 4, externalDataOffset: 6 } as const;
const IS_INSIDE = -1n;

/** onnx.TensorProto.DataType */
const DATA_TYPES: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};
const DTYPE_OF = new Map(Object.entries(DATA_TYPES).map(([dtype, code]) => [code, dtype as DType]));

const OVERHEAD_BYTES = 200; // of a tensor, about

/**
 * Equal checkpoints, in equal order, give equal bytes.
 * @throws ArtifactError listing every tensor that has another number of bytes than its shape
 */
export function writeCheckpoint({ trainable, frozen, optimizer, properties }: Checkpoint): Uint8Array {
  const moments = [...(optimizer?.moments ?? [])].flatMap(([parameter, tensors]) =>
    tensors.map((tensor, at) => [`${momentName(at)} of ${parameter}`, tensor] as const),
  );
  const tensors = [...trainable, ...frozen, ...moments];
  checkSizes(tensors);
  const builder = createBuilder(
    tensors.reduce((sum, [, { bytes }]) => sum + bytes.length + OVERHEAD_BYTES, OVERHEAD_BYTES),
  );
  const required = addOffsets(builder, addTensors(builder, trainable));
  const still = addOffsets(builder, addTensors(builder, frozen));
  const moduleState = addTable(builder, MODULE.count, () => {
    builder.addFieldOffset(MODULE.requiresGrad, required, 0);
    builder.addFieldOffset(MODULE.frozen, still, 0);
  });
  const groups = optimizer === null ? 0 : addOffsets(builder, [addOptimizer(builder, optimizer)]);
  const bag = properties.size === 0 ? 0 : addProperties(builder, properties);
  const root = addTable(builder, ROOT.count, () => {
    builder.addFieldInt32(ROOT.version, FORMAT_VERSION, 0);
    builder.addFieldOffset(ROOT.moduleState, moduleState, 0);
    builder.addFieldOffset(ROOT.optimizerGroups, groups, 0);
    builder.addFieldOffset(ROOT.propertyBag, bag, 0);
  });
  builder.finish(root, IDENTIFIER);
  return builder.asUint8Array();
}

function checkSizes(tensors: readonly (readonly [name: string, tensor: RawTensor])[]): void {
  const faults = tensors.flatMap(([name, { dtype, shape, bytes }]) => {
    const expected = sizeBytes(dtype, shape);
    return bytes.length === expected
      ? []
      : [`tensor ${name} has ${bytes.length} bytes, expected ${expected} for ${dtype} ${showShape(shape)}`];
  });
  if (faults.length > 0)
    throw new ArtifactError(`checkpoint to be written: ${faults.join("; ")}; correct the tensors`);
}

function addTensors(builder: Builder, tensors: ReadonlyMap<string, RawTensor>): number[] {
  return [...tensors].map(([name, { dtype, shape, bytes }]) => {
    const label = builder.createString(name);
    const dims = addInt64s(builder, shape);
    const data = builder.createByteVector(bytes);
    return addTable(builder, TENSOR.count, () => {
      builder.addFieldOffset(TENSOR.name, label, 0);
      builder.addFieldOffset(TENSOR.dims, dims, 0);
      builder.addFieldInt32(TENSOR.dataType, DATA_TYPES[dtype], 0);
      builder.addFieldOffset(TENSOR.rawData, data, 0);
      builder.addFieldInt64(TENSOR.externalDataOffset, IS_INSIDE, IS_INSIDE);
    });
  });
}

function addOptimizer(builder: Builder, { step, initialLearningRate, moments }: OptimizerState): number {
  const states = [...moments].map(([parameter, tensors]) => {
    const label = builder.createString(parameter);
    const named = new Map(tensors.map((tensor, at) => [momentName(at), tensor]));
    const list = addOffsets(builder, addTensors(builder, named));
    return addTable(builder, STATE.count, () => {
      builder.addFieldOffset(STATE.parameter, label, 0);
      builder.addFieldOffset(STATE.moments, list, 0);
    });
  });
  const name = builder.createString(GROUP);
  const list = addOffsets(builder, states);
  return addTable(builder, OPTIMIZER.count, () => {
    builder.addFieldOffset(OPTIMIZER.name, name, 0);
    builder.addFieldInt64(OPTIMIZER.step, BigInt(step), 0n);
    builder.addFieldFloat32(OPTIMIZER.initialLearningRate, initialLearningRate, 0);
    builder.addFieldOffset(OPTIMIZER.states, list, 0);
  });
}

const PROPERTY_KINDS = ["int", "float", "string"] as const;

function addProperties(builder: Builder, properties: ReadonlyMap<string, Property>): number {
  const vectors = PROPERTY_KINDS.map((kind) => {
    const own = [...properties].filter(([, property]) => property.kind === kind);
    return addOffsets(
      builder,
      own.map(([name, property]) => addProperty(builder, name, property)),
    );
  });
  return addTable(builder, BAG.count, () => {
    PROPERTY_KINDS.forEach((kind, at) => builder.addFieldOffset(BAG[kind], vectors[at]!, 0));
  });
}

function addProperty(builder: Builder, name: string, { kind, value }: Property): number {
  const label = builder.createString(name);
  const text = kind === "string" ? builder.createString(value) : 0;
  return addTable(builder, PROPERTY.count, () => {
    builder.addFieldOffset(PROPERTY.name, label, 0);
    if (kind === "int") builder.addFieldInt64(PROPERTY.value, BigInt(value), 0n);
    else if (kind === "float") builder.addFieldFloat32(PROPERTY.value, value, 0);
    else builder.addFieldOffset(PROPERTY.value, text, 0);
  });
}

/**
 * @param where the file, for messages
 * @returns tensors are views into `bytes`
 * @throws ArtifactError when the bytes are cut short, damaged, no checkpoint, or one of another version or with
 *   parts in other files
 */
export function readCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  try {
    return readRoot(Table.root(bytes, IDENTIFIER));
  } catch (error) {
    if (!(error instanceof BufferFault)) throw error;
    throw new ArtifactError(`${where}: ${error.message}, expected a training checkpoint; ${REMEDY}`, {
      cause: error,
    });
  }
}

function readRoot(root: Table): Checkpoint {
  const version = root.int32(ROOT.version) ?? 0;
  if (version !== FORMAT_VERSION)
    throw new BufferFault(`has version ${version}, and ${FORMAT_VERSION} is known here`);
  const moduleState = root.table(ROOT.moduleState);
  if (moduleState?.bool(MODULE.isNominal)) throw new BufferFault("holds names of parameters without values");
  if (moduleState?.bool(MODULE.hasExternalData)) throw new BufferFault("keeps its tensors in another file");
  const groups = root.tables(ROOT.optimizerGroups) ?? [];
  if (groups.length > 1) throw new BufferFault(`has ${groups.length} groups of parameters, and one is known`);
  return {
    trainable: readTensors(moduleState?.tables(MODULE.requiresGrad), "trainable parameters"),
    frozen: readTensors(moduleState?.tables(MODULE.frozen), "frozen parameters"),
    optimizer: groups[0] === undefined ? null : readOptimizer(groups[0]),
    properties: readProperties(root.table(ROOT.propertyBag)),
  };
}

function readName(table: Table, field: number, what: string): string {
  const name = table.string(field);
  if (!name) throw new BufferFault(`has ${what} without a name`);
  return name;
}

/** A map of what has a name. @throws BufferFault when one name comes twice */
function byName<T>(entries: readonly (readonly [name: string, item: T])[], what: string): Map<string, T> {
  const map = new Map(entries);
  if (map.size < entries.length) throw new BufferFault(`has one name twice among its ${what}`);
  return map;
}

function readTensors(tables: readonly Table[] | null | undefined, what: string): Map<string, RawTensor> {
  if (!tables) throw new BufferFault(`has no list of ${what}`);
  return byName(tables.map(readTensor), what);
}

function readTensor(table: Table): [name: string, tensor: RawTensor] {
  const name = readName(table, TENSOR.name, "a tensor");
  const dtype = DTYPE_OF.get(table.int32(TENSOR.dataType) ?? 0);
  const shape = table.int64s(TENSOR.dims) ?? [];
  const bytes = table.bytes(TENSOR.rawData) ?? new Uint8Array();
  if (dtype === undefined)
    throw new BufferFault(`has tensor ${name} of element type ${table.int32(TENSOR.dataType)}`);
  const needed = sizeBytes(dtype, shape);
  if (shape.some((size) => size < 0) || bytes.length !== needed) {
    throw new BufferFault(
      `has tensor ${name} with ${bytes.length} bytes for ${dtype} ${showShape(shape)}, which takes ${needed}`,
    );
  }
  return [name, { dtype, shape, bytes }];
}

function readOptimizer(group: Table): OptimizerState {
  const states = (group.tables(OPTIMIZER.states) ?? []).map((state): [string, RawTensor[]] => {
    const parameter = readName(state, STATE.parameter, "moments of a parameter");
    const named = readTensors(state.tables(STATE.moments), `moments of ${parameter}`);
    const ordered = Array.from(named, (_, at) => named.get(momentName(at)));
    if (!ordered.every((tensor) => tensor !== undefined)) {
      throw new BufferFault(
        `has ${[...named.keys()].join(", ")} as moments of ${parameter}, not ${momentName(0)} and so on`,
      );
    }
    return [parameter, ordered];
  });
  return {
    step: group.int64(OPTIMIZER.step) ?? 0,
    initialLearningRate: group.float32(OPTIMIZER.initialLearningRate) ?? 0,
    moments: byName(states, "optimizer states"),
  };
}

function readProperties(bag: Table | null): Map<string, Property> {
  const entries = PROPERTY_KINDS.flatMap((kind) =>
    (bag?.tables(BAG[kind]) ?? []).map((table): [string, Property] => {
      const name = readName(table, PROPERTY.name, "a property");
      if (kind === "string") return [name, { kind, value: table.string(PROPERTY.value) ?? "" }];
      const value = kind === "int" ? table.int64(PROPERTY.value) : table.float32(PROPERTY.value);
      return [name, { kind, value: value ?? 0 }];
    }),
  );
  return byName(entries, "properties");
}
