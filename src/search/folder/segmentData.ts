/** @file The rows of a segment in memory: made of new entries or of older segments, and written. */

import type { Precision } from "../../artifact/searchIndex.js";
import { writeSafetensors } from "../../artifact/safetensors.js";
import { bytesOf, type RawTensor } from "../../ir/rawTensor.js";
import type { Entries } from "../backend.js";
import type { Codes } from "../codes.js";
import { packIds } from "../ids.js";
import { quantizeRows } from "../quantize.js";
import { ROW_FORMATS } from "./rowFormats.js";

export interface SegmentData {
  readonly ids: readonly string[];
  readonly codes: Codes;
  /** The exact rows as the precision keeps them; null: it keeps none. */
  readonly exact: Uint8Array | null;
}

/** Numbers of a segment at most: a file then has less than the 2 GiB that Node reads at once. */
const MOST_NUMBERS = 2 ** 28;

export function rowsAtMost(dim: number): number {
  return Math.max(1, Math.floor(MOST_NUMBERS / dim));
}

export function segmentDataOf({ ids, vectors }: Entries, precision: Precision): SegmentData {
  const format = ROW_FORMATS[precision];
  const exact = format?.encode(vectors.data) ?? null;
  // Codes are made of the rows as they are kept: searches rely on how far a code is from its row.
  const kept = format && exact ? { ...vectors, data: format.decode(exact) } : vectors;
  return { ids, codes: quantizeRows(kept), exact };
}

/** Entries in parts that fit into a segment each. */
export function* segmentParts({ ids, vectors }: Entries): Generator<Entries> {
  const { dim, data } = vectors;
  const most = rowsAtMost(dim);
  for (let first = 0; first < ids.length; first += most) {
    const part = ids.slice(first, first + most);
    const numbers = data.subarray(first * dim, (first + part.length) * dim);
    yield { ids: part, vectors: { count: part.length, dim, data: numbers } };
  }
}

/** @param parts of one dim and precision, one at least */
export function joinSegments(parts: readonly SegmentData[]): SegmentData {
  if (parts.length === 1) return parts[0]!;
  const { dim } = parts[0]!.codes;
  const count = parts.reduce((sum, { ids }) => sum + ids.length, 0);
  const codes = new Int8Array(count * dim);
  const scales = new Float32Array(count);
  let first = 0;
  for (const part of parts) {
    codes.set(part.codes.codes, first * dim);
    scales.set(part.codes.scales, first);
    first += part.ids.length;
  }
  const exact = parts.flatMap((part) => part.exact ?? []);
  return {
    ids: parts.flatMap(({ ids }) => ids),
    codes: { count, dim, codes, scales, error: Math.max(...parts.map((part) => part.codes.error)) },
    exact: exact.length > 0 ? Buffer.concat(exact) : null,
  };
}

/** The bytes of the two files of a segment. */
export function encodeSegment(
  { ids, codes: { count, dim, codes, scales }, exact }: SegmentData,
  precision: Precision,
): { readonly codes: Uint8Array; readonly vectors: Uint8Array | null } {
  const packed = packIds(ids);
  const tensors = new Map<string, RawTensor>([
    ["codes", { dtype: "uint8", shape: [count, dim], bytes: bytesOf(codes) }],
    ["scales", { dtype: "float32", shape: [count], bytes: bytesOf(scales) }],
    ["ids", { dtype: "uint8", shape: [packed.length], bytes: packed }],
  ]);
  const format = ROW_FORMATS[precision];
  return {
    codes: writeSafetensors({ tensors, metadata: {} }),
    vectors:
      format && exact
        ? writeSafetensors({
            tensors: new Map([["vectors", { dtype: format.dtype, shape: [count, dim], bytes: exact }]]),
            metadata: {},
          })
        : null,
  };
}

export function encodeDeleted(rows: Int32Array): Uint8Array {
  const tensor: RawTensor = { dtype: "int32", shape: [rows.length], bytes: bytesOf(rows) };
  return writeSafetensors({ tensors: new Map([["rows", tensor]]), metadata: {} });
}
