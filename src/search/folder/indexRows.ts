/**
 * @file All rows of an index, open for searching: by a scan over the codes, or by the graph and a scan over what was
 * added after it. Segments that a change takes away stay open until the searches that are under way have ended.
 */

import { availableParallelism } from "node:os";
import type { IndexedFile, SearchIndex } from "../../artifact/searchIndex.js";
import type { Hit } from "../backend.js";
import { HnswGraph } from "../hnsw.js";
import { searchExactly, type Nearest } from "../rerank.js";
import { Scanner } from "../scan.js";
import { ThreadedScanner } from "../threads.js";
import type { Vectors } from "../vectors.js";
import { RowTable, type PlacedSegment } from "./rowTable.js";
import { readDeleted, Segment } from "./segment.js";
import { checkGraph } from "./store.js";

export interface SearchOptions {
  /** true: the graph is not used where there is one. */
  readonly exact?: boolean;
  /** Threads that scan many rows; default: as many as the machine runs at once. */
  readonly threads?: number;
}

type Scan = Scanner | ThreadedScanner;

/** Numbers that one thread scans in about the time that it takes to ask others. */
const ONE_THREAD_NUMBERS = 2 ** 22;
/** Rows that are gone and still take room, beside as many that are there. */
const MOST_GONE = 2 ** 16;

const NOTHING: Nearest = { rows: new Int32Array(), similarities: new Float32Array() };

export class IndexRows {
  private readonly table: RowTable;
  private scan: Promise<Scan> | null = null;
  private underWay = 0;
  private readonly retired: (() => void)[] = [];

  private constructor(
    private readonly folder: string,
    private current: SearchIndex,
    private readonly open: Map<string, Segment>,
    private readonly graph: HnswGraph | null,
    private readonly options: SearchOptions,
  ) {
    this.table = new RowTable(current.dim);
    for (const { number } of current.segments) this.table.add(open.get(number)!);
  }

  /**
   * @param before open segments, which are taken over where the index still has them
   * @throws ArtifactError naming the file that is missing or damaged; nothing is left open then
   */
  static async open(
    folder: string,
    index: SearchIndex,
    options: SearchOptions,
    before: ReadonlyMap<string, Segment> = new Map(),
  ): Promise<IndexRows> {
    const graph = index.hnsw && !options.exact ? await openGraph(folder, index.hnsw) : null;
    const { opened, deleted } = await openNew(folder, index, before);
    const open = new Map<string, Segment>();
    for (const entry of index.segments) {
      const segment = opened.get(entry.number) ?? before.get(entry.number)!;
      const rows = deleted.get(entry.number);
      if (rows) segment.setDeleted(entry, rows);
      open.set(entry.number, segment);
    }
    return new IndexRows(folder, index, open, graph, options);
  }

  get index(): SearchIndex {
    return this.current;
  }

  /** By their numbers. */
  get segments(): ReadonlyMap<string, Segment> {
    return this.open;
  }

  get count(): number {
    let count = 0;
    for (const segment of this.open.values()) count += segment.count;
    return count;
  }

  /** true: the index can no longer be followed from here, or more is gone than there is. */
  isPast(index: SearchIndex): boolean {
    return index.hnsw?.name !== this.current.hnsw?.name || this.table.rows > 2 * this.count + MOST_GONE;
  }

  /** Becomes a later state of the index. @throws ArtifactError, before anything changes, when a file cannot be read */
  async follow(index: SearchIndex): Promise<void> {
    const { opened, deleted } = await openNew(this.folder, index, this.open);
    const scan = await this.scan;
    const first = this.firstScanned();
    const stays = new Set(index.segments.map(({ number }) => number));
    for (const [number, segment] of this.open) {
      if (stays.has(number)) continue;
      this.forget(this.table.placeOf(number)!, Int32Array.from(segment.liveRows()), scan, first);
      this.open.delete(number);
      this.retired.push(() => segment.close());
    }
    for (const entry of index.segments) {
      const [segment, rows] = [this.open.get(entry.number), deleted.get(entry.number)];
      if (segment && rows)
        this.forget(this.table.placeOf(entry.number)!, segment.setDeleted(entry, rows), scan, first);
    }
    for (const segment of opened.values()) {
      this.open.set(segment.entry.number, segment);
      this.table.add(segment);
      if (scan) await takeCodes(scan, segment, false);
    }
    this.current = index;
    this.closeRetired();
  }

  /** For each query at most k, most similar first. */
  async search({ count, dim, data }: Vectors, k: number): Promise<Hit[][]> {
    const most = Math.min(k, this.count);
    this.underWay++;
    try {
      const found: Hit[][] = [];
      for (let query = 0; query < count; query++) {
        const near =
          most > 0 ? await this.nearest(data.slice(query * dim, (query + 1) * dim), most) : NOTHING;
        found.push(this.hitsOf(near));
      }
      return found;
    } finally {
      this.underWay--;
      this.closeRetired();
    }
  }

  /** Where an id is; undefined: nowhere. */
  placeOf(id: string): { readonly segment: Segment; readonly row: number } | undefined {
    const row = this.table.rowOf(id);
    if (row === undefined) return undefined;
    const { segment, firstRow } = this.table.at(row);
    return { segment, row: row - firstRow };
  }

  /** In the order in which they were added. */
  *ids(): Generator<string> {
    for (const { number } of this.current.segments) {
      const segment = this.open.get(number)!;
      for (const row of segment.liveRows()) yield segment.ids[row]!;
    }
  }

  /** All vectors, so many at once. */
  *vectors(rowsAtOnce: number): Generator<Vectors> {
    const { dim, segments } = this.current;
    for (const { number } of segments) {
      const segment = this.open.get(number)!;
      const rows = Int32Array.from(segment.liveRows());
      for (let first = 0; first < rows.length; first += rowsAtOnce) {
        const some = rows.subarray(first, first + rowsAtOnce);
        yield { count: some.length, dim, data: segment.readRows(some) };
      }
    }
  }

  /** Ends when the last search has. @param kept segments that others go on with */
  async close(kept: ReadonlyMap<string, Segment> = new Map()): Promise<void> {
    for (const [number, segment] of this.open)
      if (kept.get(number) !== segment) this.retired.push(() => segment.close());
    const scan = await this.scan?.catch(() => null);
    if (scan instanceof ThreadedScanner) this.retired.push(() => void scan.close());
    this.closeRetired();
  }

  private hitsOf({ rows, similarities }: Nearest): Hit[] {
    return Array.from(rows, (row, at) => ({ id: this.table.idOf(row), similarity: similarities[at]! }));
  }

  private async nearest(query: Float32Array, k: number): Promise<Nearest> {
    const rowsOf = (rows: Int32Array) => this.table.readRows(rows);
    const first = this.firstScanned();
    const found: Nearest[] = [];
    if (this.graph !== null) found.push(this.graph.searchExactRows(query, k, rowsOf, this.deletedInGraph()));
    if (first < this.table.rows) {
      const scan = await this.scanner();
      const near =
        this.current.precision === "int8"
          ? await scan.search(query, k)
          : await searchExactly(scan, query, k, (rows) => rowsOf(rows.map((row) => first + row)));
      found.push({ ...near, rows: near.rows.map((row) => first + row) });
    }
    return joinNearest(found, k);
  }

  /** The graph has the rows before. */
  private firstScanned(): number {
    return this.graph === null ? 0 : this.current.hnsw!.rows;
  }

  private deletedInGraph(): { readonly size: number; has(row: number): boolean } {
    const covered = this.current.segments.slice(0, this.current.hnsw!.segments);
    return {
      size: covered.reduce((sum, { deleted }) => sum + (deleted?.rows ?? 0), 0),
      has: (row) => {
        const { segment, firstRow } = this.table.at(row);
        return segment.isDeleted(row - firstRow);
      },
    };
  }

  private async scanner(): Promise<Scan> {
    this.scan ??= this.startScan();
    try {
      return await this.scan;
    } catch (error) {
      this.scan = null;
      throw error;
    }
  }

  private async startScan(): Promise<Scan> {
    const { dim, segments } = this.current;
    const scanned = segments.slice(this.graph === null ? 0 : this.current.hnsw!.segments);
    const numbers = dim * scanned.reduce((sum, { rows }) => sum + rows, 0);
    const { threads = availableParallelism() } = this.options;
    const scan =
      threads > 1 && numbers > ONE_THREAD_NUMBERS ? new ThreadedScanner(dim, { threads }) : new Scanner(dim);
    // As the table numbers them: segments that are gone have their places too.
    for (const { segment } of this.table.from(this.firstScanned())) {
      const isGone = !this.open.has(segment.entry.number);
      await takeCodes(scan, segment, isGone);
    }
    return scan;
  }

  private forget(place: PlacedSegment, rows: Int32Array, scan: Scan | null, firstScanned: number): void {
    this.table.forget(place, rows);
    if (place.firstRow >= firstScanned) scan?.delete(rows.map((row) => place.firstRow - firstScanned + row));
  }

  private closeRetired(): void {
    if (this.underWay > 0) return;
    for (const close of this.retired.splice(0)) close();
  }
}

async function takeCodes(scan: Scan, segment: Segment, isGone: boolean): Promise<void> {
  const { rows, entry } = segment;
  const first = await scan.addInPlace(rows, entry.error, (space) => {
    if (!isGone) segment.readCodes(space);
  });
  const deleted: number[] = [];
  for (let row = 0; row < rows; row++) if (isGone || segment.isDeleted(row)) deleted.push(first + row);
  scan.delete(deleted);
}

/** At most k of all, most similar first, the lower row first among equals. */
function joinNearest(parts: readonly Nearest[], k: number): Nearest {
  if (parts.length === 1) return parts[0]!;
  const all = parts.flatMap(({ rows, similarities }) =>
    Array.from(rows, (row, at) => ({ row, similarity: similarities[at]! })),
  );
  all.sort((a, b) => b.similarity - a.similarity || a.row - b.row);
  return {
    rows: Int32Array.from(all.slice(0, k), ({ row }) => row),
    similarities: Float32Array.from(all.slice(0, k), ({ similarity }) => similarity),
  };
}

interface News {
  /** Segments that were not open, by number. */
  readonly opened: ReadonlyMap<string, Segment>;
  /** Deleted rows of those that were, where they are others now. */
  readonly deleted: ReadonlyMap<string, Int32Array>;
}

/** Reads all that is new in an index. @throws ArtifactError when a file cannot be read; nothing stays open then */
async function openNew(
  folder: string,
  index: SearchIndex,
  before: ReadonlyMap<string, Segment>,
): Promise<News> {
  const opened = new Map<string, Segment>();
  const deleted = new Map<string, Int32Array>();
  try {
    for (const entry of index.segments) {
      const known = before.get(entry.number);
      if (known === undefined) opened.set(entry.number, await Segment.open(folder, index, entry));
      else if (known.entry.deleted?.name !== entry.deleted?.name)
        deleted.set(entry.number, await readDeleted(folder, entry));
    }
    return { opened, deleted };
  } catch (error) {
    for (const segment of opened.values()) segment.close();
    throw error;
  }
}

/** @throws ArtifactError unless the file is what was written */
async function openGraph(folder: string, file: IndexedFile): Promise<HnswGraph> {
  return HnswGraph.view(await checkGraph(folder, file));
}
