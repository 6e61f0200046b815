/** @file An index that lives as long as its process: what a run's memory bank becomes. */

import type { Entries, Hit, SearchBackend } from "./backend.js";
import { checkEntries, checkQueries } from "./entries.js";
import { quantizeRows } from "./quantize.js";
import { rerank } from "./rerank.js";
import { Scanner } from "./scan.js";
import { takeRows, type Vectors } from "./vectors.js";

export class MemoryIndex implements SearchBackend {
  readonly dim: number;
  /** In the order of the rows. */
  #ids: readonly string[] = [];
  #vectors: Vectors;
  /** null: to be made when it is asked for. */
  #rows: ReadonlyMap<string, number> | null = null;
  /** The same. */
  #scan: Scanner | null = null;

  /** @throws UsageError for entries that `add` refuses */
  constructor(dim: number, entries: Entries | null = null) {
    this.dim = dim;
    this.#vectors = { count: 0, dim, data: new Float32Array() };
    if (entries !== null) this.#append(entries);
  }

  get count(): number {
    return this.#ids.length;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- refusals must be rejections
  async add(entries: Entries): Promise<void> {
    this.#append(entries);
  }

  async delete(ids: readonly string[]): Promise<number> {
    return Promise.resolve(this.#remove(ids));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- refusals must be rejections
  async search(queries: Vectors, k: number): Promise<readonly (readonly Hit[])[]> {
    checkQueries(queries.dim, this.dim, k);
    const { count, dim, data } = queries;
    return Array.from({ length: count }, (_, at) => this.#nearest(data.slice(at * dim, (at + 1) * dim), k));
  }

  async vectorOf(id: string): Promise<Float32Array | null> {
    const row = this.#rowOf().get(id);
    const { dim } = this;
    return Promise.resolve(row === undefined ? null : this.#vectors.data.slice(row * dim, (row + 1) * dim));
  }

  ids(): Iterable<string> {
    return this.#ids;
  }

  *vectors(rowsAtOnce: number): Generator<Vectors> {
    const { count, dim, data } = this.#vectors;
    for (let first = 0; first < count; first += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, count - first);
      yield { count: rows, dim, data: data.subarray(first * dim, (first + rows) * dim) };
    }
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }

  #nearest(query: Float32Array, k: number): Hit[] {
    if (this.count === 0) return [];
    const scan = (this.#scan ??= new Scanner(this.dim, [quantizeRows(this.#vectors)]));
    const rowsOf = (rows: Int32Array) => takeRows(this.#vectors, rows).data;
    const { rows, similarities } = rerank(scan.candidates(query, k), query, k, rowsOf);
    return Array.from(rows, (row, at) => ({ id: this.#ids[row]!, similarity: similarities[at]! }));
  }

  #append(entries: Entries): void {
    checkEntries(entries, this.dim);
    if (this.count > 0) this.#remove(entries.ids);
    const { count, dim, data: before } = this.#vectors;
    const data = new Float32Array((count + entries.vectors.count) * dim);
    data.set(before);
    data.set(entries.vectors.data, count * dim);
    this.#vectors = { count: count + entries.vectors.count, dim, data };
    this.#ids = [...this.#ids, ...entries.ids];
    this.#rows = null;
    this.#scan = null;
  }

  #remove(ids: readonly string[]): number {
    const rows = this.#rowOf();
    const gone = new Set(ids.flatMap((id) => rows.get(id) ?? []));
    if (gone.size === 0) return 0;
    const kept = Array.from(this.#ids.keys()).filter((row) => !gone.has(row));
    this.#vectors = takeRows(this.#vectors, kept);
    this.#ids = kept.map((row) => this.#ids[row]!);
    this.#rows = null;
    this.#scan = null;
    return gone.size;
  }

  #rowOf(): ReadonlyMap<string, number> {
    return (this.#rows ??= new Map(this.#ids.map((id, row) => [id, row])));
  }
}
