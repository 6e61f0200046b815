/**
 * @file As much of the WebAssembly binary format as a few vector loops need. Expressions are lists of bytes that
 * leave one value; statements leave none.
 *
 * Loops over pixels written in JavaScript take one number at a time; 128-bit vectors take four, five times as
 * fast. Source: WebAssembly Core Specification 2.0, sections 5.4 (instructions) and 5.5 (modules).
 */

export type Code = readonly number[];

/** Value types. */
const I32 = 0x7f;
const V128 = 0x7b;
const FUNCTION = 0x60;
const NO_RESULT = 0x40;
const LOOP = 0x03;
const BRANCH_IF = 0x0d;
const END = 0x0b;
const VECTOR = 0xfd; // prefix of all vector instructions

/** LEB128, unsigned. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const low = rest & 0x7f;
    rest >>>= 7;
    if (rest === 0) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** LEB128, signed; for 0 to 2^20. */
const signed = (value: number): number[] => {
  const bytes = unsigned(value);
  // The top bit of the last group is the sign: one more group where it would read as negative.
  const last = bytes.at(-1)!;
  return last & 0x40 ? [...bytes.slice(0, -1), last | 0x80, 0] : bytes;
};

const vector = (instruction: number): number[] => [VECTOR, ...unsigned(instruction)];
/** Alignment hint 1 byte (it never changes the result), then the constant part of the address. */
const at = (offset: number): number[] => [0, ...unsigned(offset)];

type Unary = (a: Code) => Code;
type Binary = (a: Code, b: Code) => Code;
const unary =
  (...instruction: number[]): Unary =>
  (a) => [...a, ...instruction];
const binary =
  (...instruction: number[]): Binary =>
  (a, b) => [...a, ...b, ...instruction];

/** Instructions by what they are here for; the specification has other names. Locals are numbered: parameters first. */
export const wasm = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)],
  /** local += step */
  advance: (local: number, step: Code): Code => wasm.set(local, wasm.add(wasm.get(local), step)),
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: binary(0x6a),
  multiply: binary(0x6c),
  below: binary(0x49), // a < b, unsigned
  loadInt: (address: Code): Code => [...address, 0x28, ...at(0)],
  /** Runs once at least. */
  loopWhile: (condition: Code, ...body: Code[]): Code => [
    ...[LOOP, NO_RESULT, ...body.flat(), ...condition, BRANCH_IF, 0, END],
  ],
  load4: (address: Code): Code => [...address, ...vector(0x00), ...at(0)],
  /** Eight bytes as shorts, with their signs. */
  load8Signed: (address: Code, offset: number): Code => [...address, ...vector(0x01), ...at(offset)],
  load8Bytes: (address: Code): Code => [...address, ...vector(0x5d), ...at(0)],
  load8Shorts: (address: Code, offset: number): Code => [...address, ...vector(0x00), ...at(offset)],
  /** One float, four times. */
  loadSplat: (address: Code): Code => [...address, ...vector(0x09), ...at(0)],
  store4: (address: Code, value: Code, offset = 0): Code => [
    ...[...address, ...value, ...vector(0x0b), ...at(offset)],
  ],
  storeLane: (address: Code, value: Code, lane: number): Code => [
    ...[...address, ...value, ...vector(0x5a), ...at(0), lane],
  ],
  splat: (value: number): Code => {
    const bytes = new Uint8Array(Float32Array.of(value).buffer);
    return [0x43, ...bytes, ...vector(0x13)];
  },
  bytesToShorts: unary(...vector(0x89)), // the lower 8
  lowShortsToInts: unary(...vector(0xa9)),
  highShortsToInts: unary(...vector(0xaa)),
  toFloats: unary(...vector(0xfb)), // from unsigned ints
  signedToFloats: unary(...vector(0xfa)),
  addInts: binary(...vector(0xae)),
  /** Four ints: sums of two products of shorts each. */
  dotShorts: binary(...vector(0xba)),
  addFloats: binary(...vector(0xe4)),
  subtractFloats: binary(...vector(0xe5)),
  multiplyFloats: binary(...vector(0xe6)),
  divideFloats: binary(...vector(0xe7)),
  /** b < a ? b : a and a < b ? b : a: one instruction each, where min and max, which heed NaN, are six. */
  least: binary(...vector(0xea)),
  greatest: binary(...vector(0xeb)),
  /** Comparisons: all bits set where true. */
  equal: binary(...vector(0x41)),
  less: binary(...vector(0x43)),
  /** Bits of a where the mask has ones, of b elsewhere. */
  choose: (mask: Code, a: Code, b: Code): Code => [...a, ...b, ...mask, ...vector(0x52)],
  /** Four ints or floats by their places: 0 to 3 in a, 4 to 7 in b. */
  pick: (a: Code, b: Code, places: readonly [number, number, number, number]): Code => [
    ...[...a, ...b, ...vector(0x0d)],
    ...places.flatMap((place) => [0, 1, 2, 3].map((byte) => 4 * place + byte)),
  ],
  /** The first two floats as doubles. */
  toDoubles: unary(...vector(0x5f)),
  addDoubles: binary(...vector(0xf0)),
  /** The last two floats in the place of the first. */
  upperHalf: (a: Code): Code => [
    ...[...a, ...a, ...vector(0x0d)],
    ...[8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7],
  ],
} as const;

/** A function of int32 parameters without a result. Locals: parameters, then ints, then vectors. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: number;
  readonly ints: number;
  readonly vectors: number;
  readonly body: Code;
}

const sized = (bytes: Code): number[] => [...unsigned(bytes.length), ...bytes];
const list = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, items: readonly Code[]): number[] => [id, ...sized(list(items))];
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);

/** Limits of an imported memory: one page at least; shared ones must name a most, here all 4 GiB. */
const ANY_MEMORY = [0, 1];
const SHARED_MEMORY = [3, 1, ...unsigned(65_536)];

/**
 * A module of these functions, exported by name; its memory is the import "js" "memory".
 * @param shared true: that memory is one that threads share
 */
export function assemble(functions: readonly WasmFunction[], shared = false): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    ...[FUNCTION, ...list(Array.from({ length: parameters }, () => [I32])), 0],
  ]);
  const bodies = functions.map(({ ints, vectors, body }) => {
    const locals = list([
      [...unsigned(ints), I32],
      [...unsigned(vectors), V128],
    ]);
    return sized([...locals, ...body, END]);
  });
  const memory = [...text("js"), ...text("memory"), 2, ...(shared ? SHARED_MEMORY : ANY_MEMORY)];
  const exported = functions.map(({ name }, which) => [...text(name), 0, ...unsigned(which)]);
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, types),
    ...section(2, [memory]),
    ...section(
      3,
      functions.map((_, which) => unsigned(which)),
    ),
    ...section(7, exported),
    ...section(10, bodies),
  ]);
}
