/**
 * @file What does a query among a million vectors cost, and what does it miss? The runtime's float32 MatMul and TopK, the
 * scan over int8 codes with exact re-ranking by one thread and by all, and a graph.
 *
 *     node dist/tools/bench/search.js [--rows 1000000] [--dim 128] [--k 10] [--rounds 5] [--queries 20]
 *         [--kind clustered|random] [--hnsw-rows 1000000] [--expansion 128] [--graphs FOLDER]
 *
 * Contestants take turns, `queries` queries each, so that whatever else the machine does falls on all alike; they are
 * asked one query at a time. The float32 search is the truth that recall is counted by. Codes, scales and ids are read
 * from files whose size is what counts as bytes on disk; the vectors that re-ranking reads come on top. A graph takes
 * minutes to build: --graphs keeps it for the next time, --hnsw-rows gives it fewer rows (0: none), whose truth is then
 * searched among those. Writes a table to stderr and JSON to stdout.
 */

import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { knnGraph } from "../../graphs/index.js";
import { bytes, duration, percent, table } from "../../src/cli/format.js";
import { encodeModel } from "../../src/codec/encode.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, int64s, type HostTensor } from "../../src/runtime/session.js";
import { buildHnsw, HnswGraph } from "../../src/search/hnsw.js";
import { quantizeRows } from "../../src/search/quantize.js";
import { searchExactly } from "../../src/search/rerank.js";
import { ThreadedScanner } from "../../src/search/threads.js";
import { takeRows, type Vectors } from "../../src/search/vectors.js";
import { VERSION } from "../../src/version.js";
import { MACHINE, quartiles, VERSIONS } from "./machine.js";
import { KINDS, makeVectors, type Kind } from "./searchData.js";

const { values: given } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    dim: { type: "string", default: "128" },
    k: { type: "string", default: "10" },
    rounds: { type: "string", default: "5" },
    queries: { type: "string", default: "20" },
    kind: { type: "string" },
    "hnsw-rows": { type: "string" },
    expansion: { type: "string", default: "128" },
    graphs: { type: "string" },
  },
});
const [count, dim, k] = [Number(given.rows), Number(given.dim), Number(given.k)];
const [rounds, queriesAtOnce] = [Number(given.rounds), Number(given.queries)];
const graphRows = Math.min(count, Number(given["hnsw-rows"] ?? given.rows));
const expansion = Number(given.expansion);
const kinds = KINDS.filter((kind) => given.kind === undefined || given.kind === kind);
if (kinds.length === 0)
  throw new Error(`bench/search: found --kind ${given.kind}, expected ${KINDS.join(" or ")}; name one`);

interface Contestant {
  readonly name: string;
  /** Rows among which it searches. */
  readonly rows: number;
  readonly diskBytes: number;
  search(query: Float32Array): Promise<ArrayLike<number>>;
  close(): Promise<void>;
}

async function openFloat32(bank: Vectors): Promise<Contestant> {
  const model = encodeModel(lower(knnGraph(dim, k), cpu), { producerVersion: VERSION });
  const session = await openSession(model, "kNN", { ep: "cpu", threads: availableParallelism() });
  const rows = floats([bank.count, dim], bank.data);
  return {
    name: "float32 MatMul + TopK",
    rows: bank.count,
    diskBytes: bank.data.byteLength,
    async search(query) {
      const [similarities, neighbours] = [floats([1, k]), int64s([1, k])];
      const feeds = new Map([
        ["queries", floats([1, dim], Float32Array.from(query))],
        ["bank", rows],
      ]);
      const results = new Map<string, HostTensor>([
        ["similarities", similarities],
        ["neighbours", neighbours],
      ]);
      await session.run(feeds, results);
      return Array.from(neighbours.data, Number);
    },
    close: () => session.close(),
  };
}

interface CodeFiles {
  readonly codes: string;
  readonly scales: string;
  readonly ids: string;
  readonly error: number;
}

function writeCodes(bank: Vectors, folder: string): CodeFiles {
  const { codes, scales, error } = quantizeRows(bank);
  const [codesPath, scalesPath, idsPath] = ["codes", "scales", "ids"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(codesPath, codes);
  writeFileSync(scalesPath, scales);
  writeFileSync(
    idsPath,
    Array.from({ length: bank.count }, (_, row) => `${String(row).padStart(7, "0")}.jpg\n`).join(""),
  );
  return { codes: codesPath, scales: scalesPath, ids: idsPath, error };
}

async function readInto(path: string, view: Int8Array | Float32Array): Promise<void> {
  const file = await open(path);
  try {
    await file.read(view, 0, view.byteLength, 0);
  } finally {
    await file.close();
  }
}

async function openScan(bank: Vectors, files: CodeFiles, threads: number): Promise<Contestant> {
  const scanner = new ThreadedScanner(dim, { threads });
  await scanner.addInPlace(bank.count, files.error, async ({ codes, scales }) => {
    await readInto(files.codes, codes);
    await readInto(files.scales, scales);
  });
  const rowsOf = (rows: Int32Array) => takeRows(bank, rows).data;
  return {
    name: `int8 + re-ranking, ${threads} thread${threads > 1 ? "s" : ""}`,
    rows: bank.count,
    diskBytes: [files.codes, files.scales, files.ids].reduce((sum, path) => sum + statSync(path).size, 0),
    search: async (query) => (await searchExactly(scanner, query, k, rowsOf)).rows,
    close: () => scanner.close(),
  };
}

/** @returns also how long building took, null: it was built another time */
async function openGraph(bank: Vectors, kind: Kind, folder: string): Promise<[Contestant, number | null]> {
  const path = join(given.graphs ?? folder, `${kind}-${bank.count}.hnsw`);
  let buildSeconds: number | null = null;
  if (!existsSync(path)) {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const graph = await buildHnsw([bank], { dim }, (rows) => {
      const left = (seconds() / rows) * (bank.count - rows);
      process.stderr.write(`\rgraph: ${rows} of ${bank.count} rows, ${duration(left)} left   `);
    });
    buildSeconds = seconds();
    process.stderr.write("\n");
    graph.save(path);
  }
  const graph = await HnswGraph.view(path, expansion);
  const rowsOf = (rows: Int32Array) => takeRows(bank, rows).data;
  const contestant = {
    name: `HNSW int8 + re-ranking, expansion ${expansion}`,
    rows: bank.count,
    diskBytes: statSync(path).size,
    search: (query: Float32Array) => Promise.resolve(graph.searchExactRows(query, k, rowsOf).rows),
    close: () => Promise.resolve(),
  };
  return [contestant, buildSeconds];
}

interface Record {
  readonly ms: number[];
  readonly found: ArrayLike<number>[];
}

/** Each contestant's answers to all queries, and the time of each. */
async function race(contestants: readonly Contestant[], queries: readonly Float32Array[]): Promise<Record[]> {
  const records = contestants.map((): Record => ({ ms: [], found: [] }));
  for (const { search } of contestants) await search(queries[0]!); // warm-up
  for (let first = 0; first < queries.length; first += queriesAtOnce) {
    for (const [at, { search }] of contestants.entries()) {
      for (const query of queries.slice(first, first + queriesAtOnce)) {
        const began = performance.now();
        const found = await search(query);
        records[at]!.ms.push(performance.now() - began);
        records[at]!.found.push(found);
      }
    }
  }
  return records;
}

/** Share of the true nearest rows that were found. */
function recall(found: readonly ArrayLike<number>[], truth: readonly ArrayLike<number>[]): number {
  const hits = found.map((rows, query) => {
    const wanted = new Set(Array.from(truth[query]!));
    return Array.from(rows).filter((row) => wanted.has(row)).length / wanted.size;
  });
  return hits.reduce((sum, share) => sum + share, 0) / hits.length;
}

function part(bank: Vectors, rows: number): Vectors {
  return { count: rows, dim, data: bank.data.slice(0, rows * dim) };
}

async function compare(kind: Kind, folder: string) {
  process.stderr.write(`${kind}: making ${count} vectors and their codes\n`);
  const bank = makeVectors(kind, count, dim, 1);
  const asked = makeVectors(kind, rounds * queriesAtOnce, dim, 2);
  const queries = Array.from({ length: asked.count }, (_, at) => asked.data.slice(at * dim, (at + 1) * dim));
  const files = writeCodes(bank, folder);
  const ofGraph = graphRows === count ? bank : part(bank, graphRows);
  const contestants = [await openFloat32(bank)];
  for (const threads of new Set([1, availableParallelism()])) {
    contestants.push(await openScan(bank, files, threads));
  }
  const truths = [contestants[0]!];
  if (graphRows > 0 && graphRows < count) contestants.push((truths[1] = await openFloat32(ofGraph)));
  const graph = graphRows > 0 ? await openGraph(ofGraph, kind, folder) : null;
  if (graph) contestants.push(graph[0]);
  const load = loadavg()[0]!;
  const records = await race(contestants, queries);
  for (const contestant of contestants) await contestant.close();
  return {
    kind,
    /** Processes that ran or waited to, on average over the minute before; what is above 0 were others. */
    loadBefore: Number(load.toFixed(2)),
    graphBuildSeconds: graph?.[1] ?? null,
    results: contestants.map(({ name, rows, diskBytes }, at) => {
      const truth = records[contestants.findIndex((one) => truths.includes(one) && one.rows === rows)]!;
      return {
        search: name,
        ...{ rows, diskBytes },
        ms: quartiles(records[at]!.ms),
        recall: recall(records[at]!.found, truth.found),
      };
    }),
  };
}

const folder = mkdtempSync(join(tmpdir(), "instdisc-search-"));
try {
  const comparisons = [];
  for (const kind of kinds) comparisons.push(await compare(kind, folder));
  const report = {
    what: `milliseconds a query for the ${k} nearest, one query at a time`,
    machine: MACHINE,
    versions: VERSIONS,
    ...{ dim, k, rounds, queriesAtOnce },
    comparisons,
  };
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  process.stderr.write(
    table([
      ["", "rows", "ms a query", "quartiles", `recall@${k}`, "on disk"],
      ...comparisons.flatMap(({ kind, results }) =>
        results.map(({ search, rows, ms, recall: share, diskBytes }) => [
          `${kind}: ${search}`,
          String(rows),
          ms.median.toFixed(2),
          `${ms.lower.toFixed(2)}–${ms.upper.toFixed(2)}`,
          percent(share),
          bytes(diskBytes),
        ]),
      ),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
