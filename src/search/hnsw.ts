/**
 * @file Approximate search in a hierarchical navigable small-world graph: the door to usearch. The graph knows unit
 * vectors by their rows; what the rows are called, and which files belong together, is for others to know.
 *
 * By default it keeps the codes of quantize.ts, one byte a number: a cosine does not heed a row's scale. They are coarse
 * enough to swap near rows, so ask `searchExactRows` for the answer, which takes more rows and ranks them by the exact
 * vectors.
 *
 * Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
 * Small World graphs", TPAMI 2020.
 */

import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import type { Index } from "usearch";
import { ArtifactError, InstdiscError, UsageError } from "../errors.js";
import { appendTail, readTail, type GraphFile, type Storage } from "./hnswFile.js";
import { quantizeRows } from "./quantize.js";
import { rankRows, type Nearest, type RowsOf } from "./rerank.js";
import { checkK } from "./scan.js";
import type { Vectors } from "./vectors.js";

type Usearch = typeof import("usearch");

/**
 * usearch, loaded at the first graph: a platform without its native library can still search exactly.
 * @throws InstdiscError (as a rejection) when it does not load
 */
async function loadUsearch(): Promise<Usearch> {
  try {
    return await import("usearch");
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new InstdiscError(
      `usearch: found that it does not load (${found.split("\n")[0] ?? ""}), expected the library of HNSW graphs; ` +
        `reinstall with "npm install usearch" on this platform, or use an index without a graph`,
      { cause: error },
    );
  }
}

const KINDS = { i8: "I8", f16: "F16", f32: "F32" } as const satisfies Readonly<Record<Storage, string>>;

export interface HnswOptions {
  readonly dim: number;
  /** What the graph keeps of a number; default i8. */
  readonly storage?: Storage;
  /** Links of a row to others, twice as many on the lowest level; default 16. */
  readonly connectivity?: number;
  /** Rows that are looked at to link a new one; default 128. */
  readonly expansionAdd?: number;
}

const DEFAULTS = { storage: "i8", connectivity: 16, expansionAdd: 128 } as const;
/** Rows that are looked at for a query. More find more and take longer. */
const EXPANSION_SEARCH = 128;

/** Rows that are not to be found. */
export interface DeletedRows {
  readonly size: number;
  has(row: number): boolean;
}

const NONE_DELETED: DeletedRows = new Set<number>();

/** The k nearest are among so many of the nearest by their codes, but for those that the graph misses. */
const toRank = (k: number): number => 3 * k + 10;

export class HnswGraph {
  private readonly graph: Index;

  private constructor(
    { Index, MetricKind, ScalarKind }: Usearch,
    private readonly made: GraphFile,
    expansionSearch = EXPANSION_SEARCH,
  ) {
    this.graph = new Index({
      dimensions: made.dim,
      metric: MetricKind.Cos,
      quantization: ScalarKind[KINDS[made.storage]],
      connectivity: made.connectivity,
      expansion_add: made.expansionAdd,
      expansion_search: expansionSearch,
      multi: false,
    });
  }

  /** @throws InstdiscError (as a rejection) without usearch */
  static async create(options: HnswOptions): Promise<HnswGraph> {
    return new HnswGraph(await loadUsearch(), { ...DEFAULTS, ...options });
  }

  /** Reads a saved graph into memory; it can be added to. @throws ArtifactError when it is missing or not whole; as create */
  static async load(path: string, expansionSearch?: number): Promise<HnswGraph> {
    const opened = await HnswGraph.ofFile(path, expansionSearch);
    opened.graph.load(path);
    return opened;
  }

  /** Maps a saved graph into memory: opened at once, and not to be added to. @throws as load */
  static async view(path: string, expansionSearch?: number): Promise<HnswGraph> {
    const opened = await HnswGraph.ofFile(path, expansionSearch);
    opened.graph.view(path);
    return opened;
  }

  /** An empty graph that can take what the file holds. */
  private static async ofFile(path: string, expansionSearch?: number): Promise<HnswGraph> {
    const made = readTail(path);
    return new HnswGraph(await loadUsearch(), made, expansionSearch);
  }

  /** Rows, deleted ones too. */
  get count(): number {
    return this.graph.size();
  }

  get dim(): number {
    return this.made.dim;
  }

  /**
   * Adds unit vectors as rows `firstRow`, `firstRow` + 1, ... This blocks the thread: see buildHnsw for many.
   * @param threads default: as many as the machine runs at once. With more than one the graph is another every time
   * @throws UsageError for vectors of another length, a row that is there already, or a viewed graph; some of the rows
   *   may be in then
   */
  add(firstRow: number, vectors: Vectors, threads = availableParallelism()): void {
    this.checkDim(vectors.dim);
    if (vectors.count === 0) return;
    const rows = BigUint64Array.from({ length: vectors.count }, (_, at) => BigInt(firstRow + at));
    try {
      this.graph.add(rows, this.stored(vectors), threads);
    } catch (error) {
      const last = firstRow + vectors.count - 1;
      throw new UsageError(
        `HNSW: rows ${firstRow} to ${last} cannot be added: ${(error as Error).message}; add new rows to a graph that was created or loaded`,
        { cause: error },
      );
    }
  }

  /** The nearest rows, by what the graph keeps: about k of the nearest. @throws UsageError for a query of another length */
  search(query: Float32Array, k: number, deleted: DeletedRows = NONE_DELETED): Nearest {
    this.checkDim(query.length);
    const most = checkK(k, this.count);
    if (this.count === 0) return { rows: new Int32Array(), similarities: new Float32Array() };
    const vector = this.stored({ count: 1, dim: this.dim, data: Float32Array.from(query) });
    // Deleted rows are links to others still: more are taken until enough are left.
    for (let wanted = most; ; wanted = Math.min(this.count, 2 * wanted)) {
      const found = this.graph.search(vector, wanted, 1);
      const living = [...found.keys.keys()].filter((at) => !deleted.has(Number(found.keys[at])));
      if (living.length >= most || wanted === this.count || deleted.size === 0) {
        const nearest = living.slice(0, most);
        return {
          rows: Int32Array.from(nearest, (at) => Number(found.keys[at])),
          similarities: Float32Array.from(nearest, (at) => 1 - found.distances[at]!),
        };
      }
    }
  }

  /** The k nearest rows that the graph finds, ranked by their exact vectors. @throws as search */
  searchExactRows(query: Float32Array, k: number, rowsOf: RowsOf, deleted = NONE_DELETED): Nearest {
    const { rows } = this.search(query, toRank(k), deleted);
    return rankRows(rows, query, checkK(k, this.count), rowsOf);
  }

  /** Writes the graph: not yet lasting, and not all or nothing, when the machine stops. Never over a viewed file. */
  save(path: string): void {
    try {
      this.graph.save(path);
      appendTail(path, this.made);
    } catch (error) {
      throw new ArtifactError(
        `${path}: the HNSW graph cannot be written: ${(error as Error).message}; make room, or choose another folder`,
        { cause: error },
      );
    }
  }

  private stored(vectors: Vectors): Float32Array | Int8Array {
    return this.made.storage === "i8" ? quantizeRows(vectors).codes : vectors.data;
  }

  private checkDim(found: number): void {
    if (found !== this.dim) {
      throw new UsageError(
        `HNSW: vectors of ${found} numbers, expected ${this.dim}; embed with the same model`,
      );
    }
  }
}

/** Rows that are added before others have their turn. */
const BUILD_BATCH = 2000;

/**
 * A graph of all these rows, numbered from 0. Other work goes on meanwhile, in the pauses between batches.
 * @param onProgress told how many rows are in
 */
export async function buildHnsw(
  parts: Iterable<Vectors> | AsyncIterable<Vectors>,
  { threads, ...options }: HnswOptions & { readonly threads?: number },
  onProgress: (rows: number) => void = () => undefined,
): Promise<HnswGraph> {
  const graph = await HnswGraph.create(options);
  for await (const { count, dim, data } of parts) {
    for (let first = 0; first < count; first += BUILD_BATCH) {
      const end = Math.min(count, first + BUILD_BATCH);
      const batch = { count: end - first, dim, data: data.subarray(first * dim, end * dim) };
      graph.add(graph.count, batch, threads);
      onProgress(graph.count);
      await setImmediate();
    }
  }
  return graph;
}
