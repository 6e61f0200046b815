/** @file The rows of all open segments, numbered through, and which id is which row. */

import type { Segment } from "./segment.js";

export interface PlacedSegment {
  readonly segment: Segment;
  readonly firstRow: number;
}

/** Rows keep their numbers: those of a segment that is gone are not given again. */
export class RowTable {
  private readonly placed: PlacedSegment[] = [];
  /** null: to be made when it is asked for. */
  private byId: Map<string, number> | null = null;
  private end = 0;

  constructor(readonly dim: number) {}

  /** Rows, gone ones too. */
  get rows(): number {
    return this.end;
  }

  /** @returns row of its first */
  add(segment: Segment): number {
    const firstRow = this.end;
    this.placed.push({ segment, firstRow });
    this.end += segment.rows;
    if (this.byId !== null) enter(this.byId, segment, firstRow);
    return firstRow;
  }

  /** Forgets the ids of these rows. @param rows of the segment */
  forget({ segment, firstRow }: PlacedSegment, rows: Iterable<number>): void {
    for (const row of rows) {
      const id = segment.ids[row]!;
      if (this.byId?.get(id) === firstRow + row) this.byId.delete(id);
    }
  }

  /** The segments whose rows begin there or later. */
  from(firstRow: number): PlacedSegment[] {
    return this.placed.filter((place) => place.firstRow >= firstRow);
  }

  placeOf(number: string): PlacedSegment | undefined {
    return this.placed.find(({ segment }) => segment.entry.number === number);
  }

  /** The segment that a row is in. */
  at(row: number): PlacedSegment {
    let [low, high] = [0, this.placed.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.placed[middle]!.firstRow <= row) low = middle;
      else high = middle;
    }
    return this.placed[low]!;
  }

  idOf(row: number): string {
    const { segment, firstRow } = this.at(row);
    return segment.ids[row - firstRow]!;
  }

  rowOf(id: string): number | undefined {
    if (this.byId === null) {
      this.byId = new Map();
      for (const { segment, firstRow } of this.placed) enter(this.byId, segment, firstRow);
    }
    return this.byId.get(id);
  }

  /** [rows.length, dim], see Segment.readRow. */
  readRows(rows: Int32Array): Float32Array<ArrayBuffer> {
    const all = new Float32Array(rows.length * this.dim);
    rows.forEach((row, at) => {
      const { segment, firstRow } = this.at(row);
      all.set(segment.readRow(row - firstRow), at * this.dim);
    });
    return all;
  }
}

function enter(byId: Map<string, number>, segment: Segment, firstRow: number): void {
  for (const row of segment.liveRows()) byId.set(segment.ids[row]!, firstRow + row);
}
