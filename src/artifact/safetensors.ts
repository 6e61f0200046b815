/**
 * @file The safetensors format: a JSON header that says where each tensor lies, then the bytes of all tensors.
 *
 *   8 bytes   length n of the header, uint64 little-endian
 *   n bytes   {"__metadata__": {…}, "name": {"dtype", "shape", "data_offsets": [begin, end]}, …}, UTF-8
 *   the rest  tensors, row-major, little-endian, without gaps; offsets count from here
 *
 * Written, the header is padded with spaces to a multiple of 8 and tensors of wider elements come first, so
 * that each lies at a multiple of its element size and can be viewed where it is.
 *
 * Source: huggingface/safetensors, README, "Format"
 */

import * as z from "zod";
import { ArtifactError } from "../errors.js";
import { elementBytes, type DType } from "../ir/dtype.js";
import { sizeBytes, type RawTensor } from "../ir/rawTensor.js";
import { elementCount, showShape } from "../ir/shape.js";
import { checkSchema, parseJson } from "./schema.js";

export interface Safetensors {
  /** Read ones are views into the file's bytes, but for bfloat16 ones, which are copied into float32. */
  readonly tensors: ReadonlyMap<string, RawTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
/** The limit of the format; a longer one would be a damaged length. */
const MOST_HEADER_BYTES = 100_000_000;
const METADATA_KEY = "__metadata__";
const REMEDY = "copy the file again or restore it from a checkpoint";

const CODES: Readonly<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  int64: "I64",
  int32: "I32",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};
/** Read, never written: the upper half of a float32, which therefore holds it exactly. */
const BFLOAT16 = "BF16";
const BFLOAT16_BYTES = 2;
const DTYPE_OF = new Map([
  ...Object.entries(CODES).map(([dtype, code]) => [code, dtype as DType] as const),
  [BFLOAT16, "float32"] as const,
]);

const offset = z.int().min(0);
const entrySchema = z.strictObject({
  dtype: z.enum([...Object.values(CODES), BFLOAT16]),
  shape: z.array(offset),
  data_offsets: z.tuple([offset, offset]),
});
const anyObject = z.record(z.string(), z.unknown());
const headerSchema = z.record(z.string(), entrySchema);
const metadataSchema = z.record(z.string(), z.string());

/**
 * Equal tensors and metadata give equal bytes, in whatever order they are listed.
 * @throws ArtifactError when a tensor has another number of bytes than its shape, or the reserved name
 */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array<ArrayBuffer> {
  const faults = [...tensors].flatMap(([name, { dtype, shape, bytes }]) => {
    if (name === METADATA_KEY) return [`tensor ${name} has the name of the format's own entry`];
    const expected = sizeBytes(dtype, shape);
    return bytes.length === expected
      ? []
      : [`tensor ${name} has ${bytes.length} bytes, expected ${expected} for ${dtype} ${showShape(shape)}`];
  });
  if (faults.length > 0)
    throw new ArtifactError(`safetensors to be written: ${faults.join("; ")}; correct the tensors`);

  const ordered = [...tensors].sort(([a, left], [b, right]) => {
    const wider = elementBytes(right.dtype) - elementBytes(left.dtype);
    return wider !== 0 ? wider : compare(a, b);
  });
  let end = 0;
  const entries = ordered.map(([name, { dtype, shape, bytes }]) => {
    const begin = end;
    end += bytes.length;
    return [name, { dtype: CODES[dtype], shape, data_offsets: [begin, end] }] as const;
  });
  const notes = Object.entries(metadata).sort(([a], [b]) => compare(a, b));
  const first = notes.length > 0 ? [[METADATA_KEY, Object.fromEntries(notes)] as const] : [];
  const header = new TextEncoder().encode(printHeader([...first, ...entries]));
  const headerBytes = Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;

  const file = new Uint8Array(LENGTH_BYTES + headerBytes + end).fill(
    0x20,
    LENGTH_BYTES,
    LENGTH_BYTES + headerBytes,
  );
  new DataView(file.buffer).setUint32(0, headerBytes, true); // below 2^32: the upper half stays 0
  file.set(header, LENGTH_BYTES);
  entries.forEach(([, { data_offsets }], at) => {
    file.set(ordered[at]![1].bytes, LENGTH_BYTES + headerBytes + data_offsets[0]);
  });
  return file;
}

/**
 * @param where the file, for messages
 * @throws ArtifactError when the header is damaged, or tensors overlap, leave gaps, lie outside of the file or
 *   have another number of bytes than their shape
 */
export function readSafetensors(file: Uint8Array, where: string): Safetensors {
  const { placed, metadata, dataOffset } = readHeader(file.length, partsOf(file), where);
  const data = file.subarray(dataOffset);
  const tensors = placed.map(({ name, code, dtype, shape, begin, end }): [string, RawTensor] => {
    const bytes = data.subarray(begin, end);
    return [name, { dtype, shape, bytes: code === BFLOAT16 ? widenBfloat16(bytes) : bytes }];
  });
  return { tensors: new Map(tensors), metadata };
}

/** Where the bytes of a tensor lie. */
export interface TensorPlace {
  /** As in the file: "F32", "U8". */
  readonly code: string;
  readonly shape: readonly number[];
  /** From the beginning of the file. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The bytes from `offset` on, which the file has. */
type ReadPart = (offset: number, length: number) => Uint8Array;

const partsOf =
  (file: Uint8Array): ReadPart =>
  (offset, length) =>
    file.subarray(offset, offset + length);

/**
 * The tensors of a file of which only the header is read.
 * @throws ArtifactError as readSafetensors
 */
export function locateTensors(
  fileBytes: number,
  read: ReadPart,
  where: string,
): ReadonlyMap<string, TensorPlace> {
  const { placed, dataOffset } = readHeader(fileBytes, read, where);
  return new Map(
    placed.map(({ name, code, shape, begin, end }) => [
      name,
      { code, shape, offset: dataOffset + begin, sizeBytes: end - begin },
    ]),
  );
}

interface Header {
  readonly placed: readonly Placed[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the tensors begin. */
  readonly dataOffset: number;
}

function readHeader(fileBytes: number, read: ReadPart, where: string): Header {
  const { header, dataOffset } = split(fileBytes, read, where);
  const json = parseJson(header, `${where}, header`, REMEDY);
  const { [METADATA_KEY]: notes, ...entries } = checkSchema(anyObject, json, `${where}, header`, REMEDY);
  const metadata = checkSchema(metadataSchema, notes ?? {}, `${where}, header ${METADATA_KEY}`, REMEDY);
  const table = Object.entries(checkSchema(headerSchema, entries, `${where}, header`, REMEDY));
  const placed = table.map(
    ([
      name,
      {
        dtype: code,
        shape,
        data_offsets: [begin, end],
      },
    ]): Placed => {
      const dtype = DTYPE_OF.get(code)!;
      const elements = code === BFLOAT16 ? BFLOAT16_BYTES : elementBytes(dtype);
      return { name, code, dtype, shape, begin, end, expectedBytes: elements * elementCount(shape) };
    },
  );
  checkLayout(placed, fileBytes - dataOffset, where);
  return { placed, metadata, dataOffset };
}

/** Little-endian: the two bytes of a bfloat16 are the last two of the float32. */
function widenBfloat16(bytes: Uint8Array): Uint8Array {
  const wide = new Uint8Array(2 * bytes.length);
  for (let at = 0; at < bytes.length; at += BFLOAT16_BYTES) {
    wide[2 * at + 2] = bytes[at]!;
    wide[2 * at + 3] = bytes[at + 1]!;
  }
  return wide;
}

/** By UTF-16 code units: the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Not JSON.stringify of one object: that would move names such as "0" to the front. */
function printHeader(entries: readonly (readonly [key: string, value: unknown])[]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
}

function split(fileBytes: number, read: ReadPart, where: string): { header: string; dataOffset: number } {
  const fail = (message: string, cause?: unknown): never => {
    throw new ArtifactError(`${where}: ${message}; ${REMEDY}`, { cause });
  };
  if (fileBytes < LENGTH_BYTES) return fail(`has ${fileBytes} bytes, expected at least ${LENGTH_BYTES}`);
  const first = read(0, LENGTH_BYTES);
  const length = Number(new DataView(first.buffer, first.byteOffset, LENGTH_BYTES).getBigUint64(0, true));
  const left = fileBytes - LENGTH_BYTES;
  if (length > left || length > MOST_HEADER_BYTES) {
    return fail(
      `says that its header has ${length} bytes, expected at most ${Math.min(left, MOST_HEADER_BYTES)}`,
    );
  }
  try {
    const header = new TextDecoder("utf-8", { fatal: true }).decode(read(LENGTH_BYTES, length));
    return { header, dataOffset: LENGTH_BYTES + length };
  } catch (error) {
    return fail("has a header that is not UTF-8, expected JSON", error);
  }
}

interface Placed {
  readonly name: string;
  /** In the file. */
  readonly code: string;
  /** Once read. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
  readonly expectedBytes: number;
}

/** Tensors must follow each other from the first byte to the last. */
function checkLayout(placed: readonly Placed[], dataBytes: number, where: string): void {
  const faults: string[] = [];
  let reached = 0;
  for (const { name, code, dtype, shape, begin, end, expectedBytes } of [...placed].sort(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    if (end - begin !== expectedBytes) {
      const kind = code === BFLOAT16 ? "bfloat16" : dtype;
      faults.push(
        `tensor ${name} has ${end - begin} bytes, expected ${expectedBytes} for ${kind} ${showShape(shape)}`,
      );
    }
    if (begin < reached)
      faults.push(`tensor ${name} begins at ${begin}, expected ${reached}: it overlaps the one before`);
    if (begin > reached)
      faults.push(`tensor ${name} begins at ${begin}, expected ${reached}: there is a gap before it`);
    reached = Math.max(reached, end);
  }
  if (reached !== dataBytes)
    faults.push(`tensors end at byte ${reached}, expected ${dataBytes}, where the file ends`);
  if (faults.length > 0) throw new ArtifactError(`${where}: ${faults.join("; ")}; ${REMEDY}`);
}
