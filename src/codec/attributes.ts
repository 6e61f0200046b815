/** @file Attributes of nodes to ONNX and back. */

import type { DType } from "../ir/dtype.js";
import { specOf, type AttributeKind, type AttributeValue, type OpKind } from "../ir/opTable.js";
import { AttributeProto, fromInt64, toInt64 } from "./protobuf.js";
import { DATA_TYPES, dtypeOf } from "./valueInfo.js";

const { AttributeType } = AttributeProto;

/** ONNX's names are in snake case but for these, which are the same in ours. */
const UNCHANGED: ReadonlySet<string> = new Set(["transA", "transB"]);

/** Attributes that the table leaves out because only one value of them has a meaning here. */
const FIXED: Readonly<Partial<Record<OpKind, Readonly<Record<string, number>>>>> = {
  BatchNormalization: { training_mode: 0 },
};

export function onnxAttributeName(name: string): string {
  return UNCHANGED.has(name) ? name : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The shortest decimal that is the same float32. ONNX keeps float attributes in single precision; so 1e-5
 * comes back as 1e-5 and not as 0.000009999999747378752.
 */
function shortestFloat(single: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return single;
}

interface KindCodec {
  readonly type: number;
  encode(value: AttributeValue): AttributeProto;
  /** undefined: the field does not hold such a value. */
  decode(attribute: AttributeProto): AttributeValue | undefined;
}

const whole = (number: number): number | undefined => (Number.isNaN(number) ? undefined : number);

const KINDS: Readonly<Record<AttributeKind, KindCodec>> = {
  int: {
    type: AttributeType.INT,
    encode: (value) => ({ i: toInt64(value as number) }),
    decode: ({ i }) => whole(fromInt64(i)),
  },
  ints: {
    type: AttributeType.INTS,
    encode: (value) => ({ ints: (value as readonly number[]).map(toInt64) }),
    decode: ({ ints }) => {
      const numbers = (ints ?? []).map(fromInt64);
      return numbers.some(Number.isNaN) ? undefined : numbers;
    },
  },
  float: {
    type: AttributeType.FLOAT,
    encode: (value) => ({ f: value as number }),
    decode: ({ f }) => (Number.isFinite(f) ? shortestFloat(f!) : undefined),
  },
  string: {
    type: AttributeType.STRING,
    encode: (value) => ({ s: new TextEncoder().encode(value as string) }),
    decode: ({ s }) => new TextDecoder().decode(s ?? new Uint8Array()),
  },
  dtype: {
    type: AttributeType.INT,
    encode: (value) => ({ i: DATA_TYPES[value as DType] }),
    decode: ({ i }) => dtypeOf(fromInt64(i)) ?? undefined,
  },
};

/** All attributes, defaults too: a reader of the file need not know them. An empty text stands for none. */
export function encodeAttributes(
  op: OpKind,
  attributes: Readonly<Record<string, AttributeValue>>,
): AttributeProto[] {
  const own = Object.entries(specOf(op).attributes)
    .filter(([name]) => attributes[name] !== "")
    .map(([name, { kind }]) => ({
      name: onnxAttributeName(name),
      type: KINDS[kind].type,
      ...KINDS[kind].encode(attributes[name]!),
    }));
  const fixed = Object.entries(FIXED[op] ?? {}).map(([name, value]) => ({
    name,
    type: AttributeType.INT,
    i: toInt64(value),
  }));
  return [...own, ...fixed];
}

/** Attributes of the table with defaults filled in; what is wrong goes to `faults`. */
export function decodeAttributes(
  op: OpKind,
  found: readonly AttributeProto[],
  where: string,
  faults: string[],
): Record<string, AttributeValue> {
  const left = new Map(found.map((attribute) => [attribute.name ?? "", attribute]));
  if (left.size < found.length) faults.push(`${where} has an attribute twice`);
  const take = (name: string): AttributeProto | undefined => {
    const attribute = left.get(name);
    left.delete(name);
    return attribute;
  };
  const complete: Record<string, AttributeValue> = {};
  for (const [name, spec] of Object.entries(specOf(op).attributes)) {
    const codec = KINDS[spec.kind];
    const attribute = take(onnxAttributeName(name));
    const value =
      attribute === undefined
        ? spec.default
        : attribute.type === codec.type
          ? codec.decode(attribute)
          : undefined;
    if (value !== undefined) complete[name] = value;
    else if (attribute === undefined) faults.push(`${where} lacks attribute ${onnxAttributeName(name)}`);
    else faults.push(`${where} has an attribute ${attribute.name} that is not of kind ${spec.kind}`);
  }
  for (const [name, value] of Object.entries(FIXED[op] ?? {})) {
    const attribute = take(name);
    if (attribute !== undefined && fromInt64(attribute.i) !== value) {
      faults.push(`${where} has ${name} ${fromInt64(attribute.i)}, expected ${value}`);
    }
  }
  for (const name of left.keys()) faults.push(`${where} has an unknown attribute "${name}"`);
  return complete;
}
