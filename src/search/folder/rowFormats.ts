/** @file Exact rows as the bytes in which an index keeps them, in each precision that has some. */

import type { Precision } from "../../artifact/searchIndex.js";
import { decodeHalf, encodeHalf } from "../../ir/half.js";

export interface RowFormat {
  readonly dtype: "float32" | "float16";
  /** In safetensors. */
  readonly code: "F32" | "F16";
  /** Of a number. */
  readonly bytes: number;
  /** The bytes of all numbers. */
  encode(numbers: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  decode(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
}

const float32: RowFormat = {
  dtype: "float32",
  code: "F32",
  bytes: 4,
  encode: (numbers) => new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength),
  decode: (bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
};

let halves: Float32Array | null = null;

/** Of all 65,536 halves: faster than decoding each. */
function numberOfHalf(): Float32Array {
  return (halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => decodeHalf(bits)));
}

const float16: RowFormat = {
  dtype: "float16",
  code: "F16",
  bytes: 2,
  encode: (numbers) => new Uint8Array(Uint16Array.from(numbers, encodeHalf).buffer),
  decode(bytes) {
    const table = numberOfHalf();
    const bits = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
    return Float32Array.from(bits, (half) => table[half]!);
  },
};

/** null: none are kept beside the codes. */
export const ROW_FORMATS: Readonly<Record<Precision, RowFormat | null>> = { float32, float16, int8: null };
