/** @file The graph, on real vectors in real files. Its recall at a million rows is for tools/bench/search.ts. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ArtifactError, UsageError } from "../../src/errors.js";
import { buildHnsw, HnswGraph } from "../../src/search/hnsw.js";
import type { Storage } from "../../src/search/hnswFile.js";
import { takeRows } from "../../src/search/vectors.js";
import { suiteFolder } from "../support/temporary.js";
import { nearestByBruteForce, randomRows } from "./hardVectors.js";

const DIM = 24;
const bank = randomRows(3000, DIM, 0);
const queries = Array.from({ length: 50 }, (_, seed) => randomRows(1, DIM, seed + 1).data);
const rowsOf = (rows: Int32Array) => takeRows(bank, rows).data;
const part = (first: number, end: number) => ({
  count: end - first,
  dim: DIM,
  data: bank.data.slice(first * DIM, end * DIM),
});

/** Share of the ten true nearest that are found, over all queries. */
function recall(graph: HnswGraph): number {
  const hits = queries.map((query) => {
    const truth = new Set(nearestByBruteForce({ bank, query, k: 10 }).rows);
    return graph.searchExactRows(query, 10, rowsOf).rows.filter((row) => truth.has(row)).length;
  });
  return hits.reduce((sum, one) => sum + one, 0) / (10 * queries.length);
}

describe("HnswGraph", () => {
  const folder = suiteFolder();

  for (const storage of ["i8", "f16", "f32"] as const satisfies readonly Storage[]) {
    it(`finds nearly all of the nearest from ${storage}, and ranks them by their exact vectors`, async () => {
      const told: number[] = [];
      const graph = await buildHnsw(
        [part(0, 2500), part(2500, 3000)],
        { dim: DIM, storage, threads: 1 },
        (rows) => told.push(rows),
      );
      assert.deepEqual(told, [2000, 2500, 3000]);
      assert.ok(recall(graph) >= 0.99, `recall ${recall(graph)}`);
      const query = queries[0]!;
      assert.deepEqual(graph.searchExactRows(query, 5, rowsOf), nearestByBruteForce({ bank, query, k: 5 }));
      const { rows, similarities } = graph.search(query, 5);
      const exact = nearestByBruteForce({ bank, query, k: 3000 });
      rows.forEach((row, at) =>
        assert.ok(Math.abs(similarities[at]! - exact.similarities[exact.rows.indexOf(row)]!) < 0.02),
      );
    });
  }

  it("answers the same from memory and from a map of its file", async () => {
    const graph = await buildHnsw([bank], { dim: DIM, threads: 1 });
    const path = join(folder(), "graph");
    graph.save(path);
    for (const opened of [await HnswGraph.view(path), await HnswGraph.load(path)]) {
      assert.deepEqual([opened.count, opened.dim], [3000, DIM]);
      for (const query of queries) assert.deepEqual(opened.search(query, 7), graph.search(query, 7));
    }
    const viewed = await HnswGraph.view(path);
    assert.throws(
      () => viewed.add(3000, part(0, 1)),
      (error) => error instanceof UsageError && /rows 3000 to 3000.*loaded/.test(error.message),
    );
  });

  it("grows after it was loaded, and keeps that when saved again", async () => {
    const path = join(folder(), "growing");
    (await buildHnsw([part(0, 1000)], { dim: DIM, storage: "f32", threads: 1 })).save(path);
    const loaded = await HnswGraph.load(path);
    loaded.add(1000, part(1000, 3000), 1);
    loaded.save(path);
    const again = await HnswGraph.view(path);
    assert.equal(again.count, 3000);
    assert.ok(recall(again) >= 0.99);
  });

  it("leaves deleted rows out, however many there are", async () => {
    const graph = await buildHnsw([bank], { dim: DIM, threads: 1 });
    const query = queries[0]!;
    const gone = new Set(nearestByBruteForce({ bank, query, k: 100 }).rows);
    const expected = nearestByBruteForce({ bank, query, k: 5 }, gone);
    assert.deepEqual(graph.searchExactRows(query, 5, rowsOf, gone), expected);
    const allButOne = new Set(Array.from({ length: 2999 }, (_, row) => row));
    assert.deepEqual([...graph.search(query, 5, allButOne).rows], [2999]);
  });

  it("finds nothing in nothing", async () => {
    const graph = await HnswGraph.create({ dim: DIM });
    graph.add(0, part(0, 0));
    assert.equal(graph.search(queries[0]!, 3).rows.length, 0);
  });

  it("refuses files that are not whole, and lives on", async () => {
    const path = join(folder(), "damaged");
    (await buildHnsw([part(0, 500)], { dim: DIM, threads: 1 })).save(path);
    const whole = readFileSync(path);
    const damaged = [
      whole.subarray(0, 0),
      whole.subarray(0, 10),
      whole.subarray(0, whole.length / 2),
      whole.subarray(0, -1),
      whole.subarray(100),
      Buffer.alloc(5000, 7),
    ];
    for (const bytes of damaged) {
      writeFileSync(path, bytes);
      for (const open of [HnswGraph.view, HnswGraph.load]) {
        await assert.rejects(
          open(path),
          (error) => error instanceof ArtifactError && error.message.startsWith(`${path}: `),
        );
      }
    }
    await assert.rejects(HnswGraph.view(join(folder(), "missing")), ArtifactError);
  });

  it("refuses other vectors, rows that it has, and a place where it cannot be saved", async () => {
    const graph = await buildHnsw([part(0, 10)], { dim: DIM, threads: 1 });
    assert.throws(() => graph.search(new Float32Array(3), 1), UsageError);
    assert.throws(() => graph.search(queries[0]!, 0), UsageError);
    assert.throws(() => graph.add(10, randomRows(1, 5, 0)), UsageError);
    assert.throws(() => graph.add(9, part(9, 11)), UsageError);
    mkdirSync(join(folder(), "taken"));
    assert.throws(() => graph.save(join(folder(), "taken")), ArtifactError);
  });
});
