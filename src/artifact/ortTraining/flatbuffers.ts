/**
 * @file Tables of flatbuffers, written and read without generated code. The door to the flatbuffers package, which
 * writes; its reader takes any bytes for a table, so reading is done here, with every place checked.
 *
 * A table is a signed offset back to its vtable, then its fields. A vtable is two uint16, its own size and the
 * table's, then one uint16 a field: where in the table the field lies, or 0 for one that is not there. Strings,
 * vectors and other tables lie elsewhere, and the field is an offset to them. All numbers are little-endian.
 * Source: flatbuffers' "Internals" page
 */

import { Builder } from "flatbuffers";

export type { Builder, Offset } from "flatbuffers";

const OFFSET_BYTES = 4;
const IDENTIFIER_BYTES = 4;

/** @param expectedBytes about as many as will be written: the buffer then need not grow */
export function createBuilder(expectedBytes: number): Builder {
  return new Builder(expectedBytes);
}

/** Where the offset of a string, vector or table goes, by field number; 0 leaves the field out. */
export function addTable(builder: Builder, fields: number, fill: () => void): number {
  builder.startObject(fields);
  fill();
  return builder.endObject();
}

export function addOffsets(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(OFFSET_BYTES, offsets.length, OFFSET_BYTES);
  for (const offset of offsets.toReversed()) builder.addOffset(offset); // written back to front
  return builder.endVector();
}

export function addInt64s(builder: Builder, numbers: readonly number[]): number {
  builder.startVector(8, numbers.length, 8);
  for (const number of numbers.toReversed()) builder.addInt64(BigInt(number));
  return builder.endVector();
}

/** The bytes are not such a buffer; the message says where. */
export class BufferFault extends Error {}

/** One table in a buffer. Fields that are missing read as null. */
export class Table {
  readonly #view: DataView;
  readonly #start: number;
  /** Positions of the fields; 0 where one is missing. */
  readonly #fields: readonly number[];

  private constructor(view: DataView, start: number) {
    this.#view = view;
    this.#start = start;
    const vtable = start - inside(view, start, 4).getInt32(start, true);
    const vtableBytes = inside(view, vtable, 4).getUint16(vtable, true);
    const tableBytes = view.getUint16(vtable + 2, true);
    inside(view, vtable, vtableBytes);
    inside(view, start, tableBytes);
    this.#fields = Array.from({ length: Math.max(0, vtableBytes / 2 - 2) }, (_, field) =>
      view.getUint16(vtable + 4 + 2 * field, true),
    );
  }

  /** @throws BufferFault unless the bytes are a buffer with that identifier */
  static root(bytes: Uint8Array, identifier: string): Table {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    inside(view, 0, OFFSET_BYTES + IDENTIFIER_BYTES);
    const found = String.fromCharCode(...bytes.subarray(OFFSET_BYTES, OFFSET_BYTES + IDENTIFIER_BYTES));
    if (found !== identifier)
      throw new BufferFault(`has the identifier ${JSON.stringify(found)}, expected "${identifier}"`);
    return new Table(view, view.getUint32(0, true));
  }

  int32(field: number): number | null {
    const at = this.#position(field, 4);
    return at === null ? null : this.#view.getInt32(at, true);
  }

  bool(field: number): boolean {
    const at = this.#position(field, 1);
    return at !== null && this.#view.getUint8(at) !== 0;
  }

  float32(field: number): number | null {
    const at = this.#position(field, 4);
    return at === null ? null : this.#view.getFloat32(at, true);
  }

  /** @throws BufferFault beyond ±2^53 */
  int64(field: number): number | null {
    const at = this.#position(field, 8);
    return at === null ? null : this.#int64At(at);
  }

  int64s(field: number): number[] | null {
    const vector = this.#vector(field, 8);
    return vector && Array.from({ length: vector.length }, (_, at) => this.#int64At(vector.start + 8 * at));
  }

  /** A view into the buffer. */
  bytes(field: number): Uint8Array | null {
    const vector = this.#vector(field, 1);
    const { buffer, byteOffset } = this.#view;
    return vector && new Uint8Array(buffer, byteOffset + vector.start, vector.length);
  }

  string(field: number): string | null {
    const bytes = this.bytes(field);
    try {
      return bytes && new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new BufferFault(`has a text at byte ${bytes!.byteOffset} that is not UTF-8`);
    }
  }

  table(field: number): Table | null {
    const at = this.#indirect(field);
    return at === null ? null : new Table(this.#view, at);
  }

  tables(field: number): Table[] | null {
    const vector = this.#vector(field, OFFSET_BYTES);
    return (
      vector &&
      Array.from({ length: vector.length }, (_, row) => {
        const at = vector.start + OFFSET_BYTES * row;
        return new Table(this.#view, at + this.#view.getUint32(at, true));
      })
    );
  }

  #int64At(at: number): number {
    const number = Number(this.#view.getBigInt64(at, true));
    if (!Number.isSafeInteger(number)) throw new BufferFault(`holds ${number} at byte ${at}, beyond ±2^53`);
    return number;
  }

  #position(field: number, sizeBytes: number): number | null {
    const offset = this.#fields[field] ?? 0;
    if (offset === 0) return null;
    inside(this.#view, this.#start + offset, sizeBytes);
    return this.#start + offset;
  }

  #indirect(field: number): number | null {
    const at = this.#position(field, OFFSET_BYTES);
    return at === null ? null : at + this.#view.getUint32(at, true);
  }

  #vector(field: number, elementBytes: number): { start: number; length: number } | null {
    const at = this.#indirect(field);
    if (at === null) return null;
    const length = inside(this.#view, at, OFFSET_BYTES).getUint32(at, true);
    inside(this.#view, at + OFFSET_BYTES, length * elementBytes);
    return { start: at + OFFSET_BYTES, length };
  }
}

/** @throws BufferFault unless all of these bytes are there */
function inside(view: DataView, start: number, sizeBytes: number): DataView {
  if (start >= 0 && start + sizeBytes <= view.byteLength) return view;
  throw new BufferFault(
    `points to bytes ${start} to ${start + sizeBytes - 1}, and has ${view.byteLength}: it is damaged or cut short`,
  );
}
