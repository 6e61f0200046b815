/**
 * @file An index folder as a search backend. Any number of processes may search it while one at a time changes it; each
 * sees a change at its next search.
 */

import { statSync } from "node:fs";
import { join } from "node:path";
import { INDEX_FILE, type PictureSet, type SearchIndex } from "../../artifact/searchIndex.js";
import { ArtifactError, UsageError } from "../../errors.js";
import type { Entries, Hit, SearchBackend } from "../backend.js";
import { checkEntries, checkQueries } from "../entries.js";
import { buildHnsw, type HnswOptions } from "../hnsw.js";
import type { Vectors } from "../vectors.js";
import { Change } from "./change.js";
import { IndexRows, type SearchOptions } from "./indexRows.js";
import { lockFolder, type LockOptions } from "./lock.js";
import { checkGraph, FileNumbers, readIndex, saveSegmentFile, sweep, writeIndex } from "./store.js";

export type ExactIndexOptions = SearchOptions & LockOptions;

export interface CreateHnswOptions extends Omit<HnswOptions, "dim"> {
  readonly threads?: number;
  /** Told how many rows are in the graph. */
  readonly progress?: (done: number, total: number) => void;
}

/** A change may take away the files that a reader is about to open: it looks again, so many times. */
const READS = 5;
/** Rows that are read at once. */
const BUILD_ROWS = 4096;

export class ExactIndex implements SearchBackend {
  /** One change, or one look for changes, after another. */
  private turn: Promise<unknown> = Promise.resolve();
  private isClosed = false;

  private constructor(
    readonly folder: string,
    private rows: IndexRows,
    private seen: string,
    private readonly options: ExactIndexOptions,
  ) {}

  /** @throws ArtifactError when there is no index in the folder, or a file of it is missing or damaged */
  static async open(folder: string, options: ExactIndexOptions = {}): Promise<ExactIndex> {
    const seen = signatureOf(folder);
    const rows = await readSteadily(folder, (index) => IndexRows.open(folder, index, options));
    return new ExactIndex(folder, rows, seen, options);
  }

  /** What index.json says. */
  get index(): SearchIndex {
    return this.rows.index;
  }

  get dim(): number {
    return this.rows.index.dim;
  }

  get count(): number {
    return this.rows.count;
  }

  async add(entries: Entries): Promise<void> {
    checkEntries(entries, this.dim);
    if (entries.ids.length > 0)
      await this.change(async (change, rows) => change.apply(placesOf(rows, entries.ids), entries));
  }

  async delete(ids: readonly string[]): Promise<number> {
    return this.change(async (change, rows) => {
      const places = placesOf(rows, ids);
      return places.size === 0 ? null : change.apply(places, null);
    }).then(({ before, after }) => before - after);
  }

  async search(queries: Vectors, k: number): Promise<readonly (readonly Hit[])[]> {
    checkQueries(queries.dim, this.dim, k);
    await this.lookForChanges();
    return this.rows.search(queries, k);
  }

  async vectorOf(id: string): Promise<Float32Array | null> {
    await this.lookForChanges();
    const place = this.rows.placeOf(id);
    return place?.segment.readRows([place.row]) ?? null;
  }

  ids(): Iterable<string> {
    return this.rows.ids();
  }

  /** Notes where pictures are, lasting as with add. @param name one of the known sets, or another @returns that */
  async addPictures(name: (known: readonly PictureSet[]) => PictureSet): Promise<PictureSet> {
    const sets: PictureSet[] = [];
    await this.change((_, { index }) => {
      const set = name(index.pictures);
      sets.push(set);
      const isKnown = index.pictures.includes(set);
      return Promise.resolve(isKnown ? null : { ...index, pictures: [...index.pictures, set] });
    });
    return sets[0]!;
  }

  /**
   * Builds a graph over all that is in the index now, with which searches need no scan. Deleted rows are dropped for good.
   * What is added later is scanned, until the graph is built again.
   * @throws UsageError for an index without vectors
   */
  async createHnsw({ progress = () => undefined, ...options }: CreateHnswOptions = {}): Promise<void> {
    await this.change(async (change, { segments }) => {
      const index = await change.compact();
      const total = index.segments.reduce((sum, { rows }) => sum + rows, 0);
      if (total === 0)
        throw new UsageError(
          `${this.folder}: holds no vectors, expected some to build a graph of; add pictures`,
        );
      // What has just been written is opened to be read.
      const written = await IndexRows.open(this.folder, index, { exact: true }, segments);
      try {
        const graph = await buildHnsw(written.vectors(BUILD_ROWS), { ...options, dim: index.dim }, (rows) =>
          progress(rows, total),
        );
        const numbers = new FileNumbers(index.next);
        const file = await saveSegmentFile(this.folder, `${numbers.take()}.hnsw`, (path) => graph.save(path));
        const hnsw = { ...file, segments: index.segments.length, rows: total };
        return { ...index, hnsw, next: numbers.next };
      } finally {
        await written.close(segments);
      }
    });
  }

  /**
   * Reads every file.
   * @param progress told how many have been read
   * @throws ArtifactError naming the one whose bytes are not those that were written
   */
  async check(progress: (done: number, total: number) => void = () => undefined): Promise<void> {
    await this.lookForChanges();
    const { segments, index } = this.rows;
    const { hnsw } = index;
    const files = [...segments.values()].flatMap(({ rowFiles }) => rowFiles);
    const checks: (() => unknown)[] = files.map((file) => () => file.check());
    if (hnsw !== null) checks.push(() => checkGraph(this.folder, hnsw));
    for (const [done, check] of checks.entries()) {
      progress(done, checks.length);
      await check();
    }
    progress(checks.length, checks.length);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.turn.catch(() => undefined);
    await this.rows.close();
  }

  /** @param make what the index becomes; null: what it is @returns how many vectors there were and are */
  private async change(
    make: (change: Change, rows: IndexRows) => Promise<SearchIndex | null>,
  ): Promise<{ readonly before: number; readonly after: number }> {
    return this.inTurn(async () => {
      const release = await lockFolder(this.folder, this.options);
      try {
        await this.follow();
        sweep(this.folder, this.rows.index);
        const before = this.count;
        const next = await make(new Change(this.folder, this.rows.index, this.rows.segments), this.rows);
        if (next !== null) {
          await writeIndex(this.folder, next);
          await this.follow();
          sweep(this.folder, next);
        }
        return { before, after: this.count };
      } finally {
        release();
      }
    });
  }

  private async lookForChanges(): Promise<void> {
    if (signatureOf(this.folder) !== this.seen || this.isClosed) await this.inTurn(() => this.follow());
  }

  private async follow(): Promise<void> {
    const seen = signatureOf(this.folder);
    if (seen === this.seen) return;
    await readSteadily(this.folder, async (index) => {
      if (!this.rows.isPast(index)) return this.rows.follow(index);
      const next = await IndexRows.open(this.folder, index, this.options, this.rows.segments);
      await this.rows.close(next.segments);
      this.rows = next;
    });
    this.seen = seen;
  }

  private inTurn<T>(use: () => Promise<T>): Promise<T> {
    if (this.isClosed)
      return Promise.reject(
        new ArtifactError(`${this.folder}: is closed, expected an open index; open it again`),
      );
    const result = this.turn.then(use, use);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

/** Where the ids are that are there, by segment. */
function placesOf(rows: IndexRows, ids: readonly string[]): Map<string, Set<number>> {
  const places = new Map<string, Set<number>>();
  for (const id of ids) {
    const place = rows.placeOf(id);
    if (place === undefined) continue;
    const { number } = place.segment.entry;
    if (!places.has(number)) places.set(number, new Set());
    places.get(number)!.add(place.row);
  }
  return places;
}

/** Another one whenever index.json has been replaced. */
function signatureOf(folder: string): string {
  const found = statSync(join(folder, INDEX_FILE), { throwIfNoEntry: false, bigint: true });
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : "none";
}

/** Reads the index, and again where files were missing that it has let go of in the meantime. */
async function readSteadily<T>(folder: string, use: (index: SearchIndex) => Promise<T>): Promise<T> {
  for (let left = READS; ; left--) {
    const index = await readIndex(folder);
    try {
      return await use(index);
    } catch (error) {
      if (left === 0 || (await readIndex(folder)).next === index.next) throw error;
    }
  }
}
