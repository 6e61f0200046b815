/** @file A segment of an index folder, open for reading: its ids in memory, its rows in their files. */

import type { IndexSegment, SearchIndex } from "../../artifact/searchIndex.js";
import { ArtifactError } from "../../errors.js";
import { bytesOf } from "../../ir/rawTensor.js";
import type { CodeSpace } from "../codeMemory.js";
import { unpackIds } from "../ids.js";
import { ROW_FORMATS, type RowFormat } from "./rowFormats.js";
import type { SegmentData } from "./segmentData.js";
import { SegmentFile } from "./segmentFile.js";

interface Files {
  readonly codes: SegmentFile;
  readonly vectors: SegmentFile | null;
}

/** Half of a step, and what float32 rounds: how far a code may be from what it stands for. */
const HALF_STEP = 0.5 + 1e-4;

export class Segment {
  /** [rows] not 0: deleted */
  private deletedRows: Uint8Array = new Uint8Array();
  private deletedCount = 0;

  private constructor(
    private current: IndexSegment,
    readonly dim: number,
    readonly ids: readonly string[],
    private readonly format: RowFormat | null,
    private readonly files: Files,
  ) {}

  /**
   * Codes and ids are found to be whole, and exact rows to be of the right size; a row itself is compared with its code
   * when it is read.
   * @throws ArtifactError naming the file that is missing or damaged
   */
  static async open(
    folder: string,
    { dim, precision }: Pick<SearchIndex, "dim" | "precision">,
    entry: IndexSegment,
  ): Promise<Segment> {
    const { rows } = entry;
    const format = ROW_FORMATS[precision];
    const codes = await SegmentFile.open(folder, entry.codes, {
      codes: { code: "U8", shape: [rows, dim] },
      scales: { code: "F32", shape: [rows] },
      ids: { code: "U8", shape: [null] },
    });
    let vectors: SegmentFile | null = null;
    try {
      codes.check();
      const packed = new Uint8Array(codes.sizeOf("ids"));
      codes.read("ids", 0, packed);
      const ids = unpackIds(packed, rows, codes.path);
      if (format !== null && entry.vectors !== null) {
        const expected = { vectors: { code: format.code, shape: [rows, dim] } };
        vectors = await SegmentFile.open(folder, entry.vectors, expected);
      }
      const segment = new Segment(entry, dim, ids, format, { codes, vectors });
      segment.setDeleted(entry, await readDeleted(folder, entry));
      return segment;
    } catch (error) {
      codes.close();
      vectors?.close();
      throw error;
    }
  }

  get entry(): IndexSegment {
    return this.current;
  }

  /** Rows, deleted ones too. */
  get rows(): number {
    return this.ids.length;
  }

  /** Rows that are not deleted. */
  get count(): number {
    return this.rows - this.deletedCount;
  }

  isDeleted(row: number): boolean {
    return this.deletedRows[row] === 1;
  }

  /** Rows that are not deleted, rising. */
  *liveRows(): Generator<number> {
    for (let row = 0; row < this.rows; row++) if (!this.isDeleted(row)) yield row;
  }

  /**
   * Takes what index.json now says is deleted.
   * @param rows of readDeleted
   * @returns the rows that were not before
   */
  setDeleted(entry: IndexSegment, rows: Int32Array): Int32Array {
    const before = this.deletedRows;
    this.current = entry;
    this.deletedRows = new Uint8Array(this.rows);
    for (const row of rows) this.deletedRows[row] = 1;
    this.deletedCount = rows.length;
    return rows.filter((row) => before[row] !== 1);
  }

  /** Copies all codes. */
  readCodes({ codes, scales }: CodeSpace): void {
    this.files.codes.read("codes", 0, bytesOf(codes));
    this.files.codes.read("scales", 0, bytesOf(scales));
  }

  /**
   * The exact row, or where the precision keeps none, what its code stands for.
   * @throws ArtifactError when it is not what its code was made of
   */
  readRow(row: number): Float32Array<ArrayBuffer> {
    const { codes, scale } = this.readCode(row);
    const { vectors } = this.files;
    if (vectors === null || this.format === null) return Float32Array.from(codes, (code) => code * scale);
    const bytes = new Uint8Array(this.dim * this.format.bytes);
    vectors.read("vectors", row * bytes.length, bytes);
    const numbers = this.format.decode(bytes);
    const off = HALF_STEP * scale;
    for (let at = 0; at < numbers.length; at++) {
      // Written so that NaN is off too.
      if (Math.abs(numbers[at]! - codes[at]! * scale) <= off) continue;
      throw new ArtifactError(
        `${vectors.path}: row ${row} holds ${numbers[at]} where its code says ${codes[at]! * scale}, expected at most ` +
          `${off} between them; restore the file from a copy, or write the index again with onnx-instdisc index create`,
      );
    }
    return numbers;
  }

  /** [rows.length, dim], see readRow. */
  readRows(rows: ArrayLike<number>): Float32Array<ArrayBuffer> {
    const { dim } = this;
    const all = new Float32Array(rows.length * dim);
    for (let at = 0; at < rows.length; at++) all.set(this.readRow(rows[at]!), at * dim);
    return all;
  }

  /** The rows that are not deleted, and not among these, for another segment. */
  readLive(gone: ReadonlySet<number>): SegmentData {
    const { dim, format, files } = this;
    const rows = [...this.liveRows()].filter((row) => !gone.has(row));
    const codes = new Int8Array(rows.length * dim);
    const scales = new Float32Array(rows.length);
    const rowBytes = dim * (format?.bytes ?? 0);
    const exact = files.vectors && new Uint8Array(rows.length * rowBytes);
    rows.forEach((row, at) => {
      const code = this.readCode(row);
      codes.set(code.codes, at * dim);
      scales[at] = code.scale;
      if (exact)
        files.vectors?.read("vectors", row * rowBytes, exact.subarray(at * rowBytes, (at + 1) * rowBytes));
    });
    const ids = rows.map((row) => this.ids[row]!);
    return { ids, codes: { count: rows.length, dim, codes, scales, error: this.current.error }, exact };
  }

  /** The files that its rows are in. */
  get rowFiles(): readonly SegmentFile[] {
    const { codes, vectors } = this.files;
    return vectors === null ? [codes] : [codes, vectors];
  }

  close(): void {
    for (const file of this.rowFiles) file.close();
  }

  private readCode(row: number): { readonly codes: Int8Array; readonly scale: number } {
    const codes = new Int8Array(this.dim);
    const scale = new Float32Array(1);
    this.files.codes.read("codes", row * this.dim, new Uint8Array(codes.buffer));
    this.files.codes.read("scales", row * 4, new Uint8Array(scale.buffer));
    return { codes, scale: scale[0]! };
  }
}

/** The deleted rows of a segment, rising. @throws ArtifactError when their file is missing or damaged */
export async function readDeleted(folder: string, { deleted, rows }: IndexSegment): Promise<Int32Array> {
  if (deleted === null) return new Int32Array();
  const file = await SegmentFile.open(folder, deleted, { rows: { code: "I32", shape: [deleted.rows] } });
  try {
    file.check();
    const found = new Int32Array(deleted.rows);
    file.read("rows", 0, new Uint8Array(found.buffer));
    const fits = found.every((row, at) => row > (found[at - 1] ?? -1) && row < rows);
    if (fits) return found;
    throw new ArtifactError(
      `${file.path}: holds rows that are not rising from 0 to ${rows - 1}; restore the file from a copy`,
    );
  } finally {
    file.close();
  }
}
