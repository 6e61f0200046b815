/**
 * @file What a change makes of the segments of an index: new rows become a segment, deleted ones are listed, small
 * segments become larger ones. Everything is written under new names; nothing has happened until index.json says so.
 */

import type { IndexSegment, SearchIndex } from "../../artifact/searchIndex.js";
import type { Entries } from "../backend.js";
import { segmentsToMerge } from "./mergePolicy.js";
import type { Segment } from "./segment.js";
import {
  encodeDeleted,
  encodeSegment,
  joinSegments,
  rowsAtMost,
  segmentDataOf,
  segmentParts,
  type SegmentData,
} from "./segmentData.js";
import { FileNumbers, writeSegmentFile } from "./store.js";

/** Rows of the segments, by the segment's number, that are to go. */
export type DeletedRows = ReadonlyMap<string, ReadonlySet<number>>;

/** Segments that are not worth being rewritten as one. */
const FEW = 8;
const NONE: ReadonlySet<number> = new Set();

/** Writes what an index becomes. */
export class Change {
  private readonly numbers: FileNumbers;

  /** @param open the segments that `index` lists, by number */
  constructor(
    private readonly folder: string,
    private readonly index: SearchIndex,
    private readonly open: ReadonlyMap<string, Segment>,
  ) {
    this.numbers = new FileNumbers(index.next);
  }

  /** @returns the index without the deleted rows and with the added ones, to be written as index.json */
  async apply(deleted: DeletedRows, added: Entries | null): Promise<SearchIndex> {
    const { segments, hnsw } = this.index;
    const covered = hnsw?.segments ?? 0;
    const kept: IndexSegment[] = [];
    for (const [at, entry] of segments.entries()) {
      const next = await this.without(entry, deleted.get(entry.number) ?? NONE, at < covered);
      if (next !== null) kept.push(next);
    }
    if (added !== null && added.ids.length > 0) await this.append(kept, covered, deleted, added);
    return { ...this.index, segments: kept, next: this.numbers.next };
  }

  /** @returns the index in a few segments, without any deleted row and without a graph */
  async compact(): Promise<SearchIndex> {
    const { dim, segments } = this.index;
    if (segments.length <= FEW && segments.every(({ deleted }) => deleted === null))
      return { ...this.index, hnsw: null };
    const written: IndexSegment[] = [];
    let group: Segment[] = [];
    const flush = async (): Promise<void> => {
      const parts = group.map((segment) => segment.readLive(NONE)).filter(({ ids }) => ids.length > 0);
      if (parts.length > 0) written.push(await this.write(joinSegments(parts)));
      group = [];
    };
    for (const { number } of segments) {
      const segment = this.open.get(number)!;
      const rows = group.reduce((sum, { count }) => sum + count, segment.count);
      if (rows > rowsAtMost(dim)) await flush();
      group.push(segment);
    }
    await flush();
    return { ...this.index, segments: written, hnsw: null, next: this.numbers.next };
  }

  /** @returns the segment with these rows deleted too; null: nothing is left of it */
  private async without(
    entry: IndexSegment,
    gone: ReadonlySet<number>,
    isCovered: boolean,
  ): Promise<IndexSegment | null> {
    const segment = this.open.get(entry.number)!;
    const left = segment.count - gone.size;
    // A graph numbers rows by the segments that it covers: these stay as they are.
    if (!isCovered && left === 0) return null;
    if (!isCovered && 2 * left < segment.rows) return this.write(segment.readLive(gone));
    if (gone.size === 0) return entry;
    const rows = Int32Array.from({ length: segment.rows }, (_, row) => row).filter(
      (row) => segment.isDeleted(row) || gone.has(row),
    );
    const name = `${entry.number}.deleted-${this.numbers.take()}.safetensors`;
    const file = await writeSegmentFile(this.folder, name, encodeDeleted(rows));
    return { ...entry, deleted: { ...file, rows: rows.length } };
  }

  /** Adds segments of the entries to `kept`; the last one takes in small ones before it. */
  private async append(
    kept: IndexSegment[],
    covered: number,
    deleted: DeletedRows,
    added: Entries,
  ): Promise<void> {
    const { dim, precision } = this.index;
    for (const part of segmentParts(added)) {
      const data = segmentDataOf(part, precision);
      const movable = kept.slice(covered).map(({ rows, deleted: gone }) => rows - (gone?.rows ?? 0));
      const taken = segmentsToMerge(movable, part.ids.length, rowsAtMost(dim));
      // What this change itself wrote is not open yet.
      const merged = kept.slice(kept.length - taken).map(({ number }) => this.open.get(number));
      if (merged.some((segment) => segment === undefined)) {
        kept.push(await this.write(data));
        continue;
      }
      const before = merged.map((segment) => segment!.readLive(deleted.get(segment!.entry.number) ?? NONE));
      kept.splice(kept.length - taken, taken, await this.write(joinSegments([...before, data])));
    }
  }

  private async write(data: SegmentData): Promise<IndexSegment> {
    const number = this.numbers.take();
    const { codes, vectors } = encodeSegment(data, this.index.precision);
    const file = (name: string, bytes: Uint8Array) => writeSegmentFile(this.folder, name, bytes);
    return {
      number,
      rows: data.ids.length,
      error: data.codes.error,
      codes: await file(`${number}.safetensors`, codes),
      vectors: vectors && (await file(`${number}.vectors.safetensors`, vectors)),
      deleted: null,
    };
  }
}
