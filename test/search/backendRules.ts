/** @file What every search backend does alike, as tests. */

import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.js";
import { searchNearest } from "../../src/evaluate/search.js";
import { RandomStream } from "../../src/random/philox.js";
import type { Entries, SearchBackend } from "../../src/search/backend.js";
import { normalizeRows, takeRows, type Vectors } from "../../src/search/vectors.js";

/** Random directions; equal seeds give equal ones. */
export function unitVectors(count: number, dim: number, seed: number): Vectors {
  const stream = new RandomStream(seed, "vectors");
  return normalizeRows({
    count,
    dim,
    data: Float32Array.from({ length: count * dim }, () => stream.normal()),
  });
}

/** Rows `from` to `to` - 1 of `vectors` under the names "v<row>". */
export function entriesOf(vectors: Vectors, from: number, to: number): Entries {
  const rows = Array.from({ length: to - from }, (_, at) => from + at);
  return { ids: rows.map((row) => `v${row}`), vectors: takeRows(vectors, rows) };
}

function dotProduct(a: Vectors, rowOfA: number, b: Vectors, rowOfB: number): number {
  let sum = 0;
  for (let at = 0; at < a.dim; at++) sum += a.data[rowOfA * a.dim + at]! * b.data[rowOfB * b.dim + at]!;
  return sum;
}

/**
 * Tests of an empty backend.
 * @param tolerance of similarities, where vectors are kept rounded; null: they are kept as they are
 */
export function checkBackend(
  make: (dim: number) => Promise<SearchBackend>,
  tolerance: number | null = null,
): void {
  const [dim, count] = [24, 700];
  const all = unitVectors(count, dim, 1);
  const open: SearchBackend[] = [];
  const filled = async (): Promise<SearchBackend> => {
    const backend = await make(dim);
    open.push(backend);
    for (const [from, to] of [
      [0, 300],
      [300, 301],
      [301, 700],
    ] as const)
      await backend.add(entriesOf(all, from, to));
    return backend;
  };
  afterEach(async () => {
    for (const backend of open.splice(0)) await backend.close();
  });

  it("finds what MatMul and TopK of the runtime find", async () => {
    const backend = await filled();
    const queries = unitVectors(20, dim, 2);
    const found = await backend.search(queries, 10);
    const { rows, similarities } = await searchNearest(queries, all, 10);
    const agree = found.flatMap((hits, query) =>
      hits.filter(({ id }, at) => id === `v${rows[query * 10 + at]}`),
    );
    if (tolerance === null) assert.equal(agree.length, rows.length);
    assert.equal(found.flat().length, rows.length);
    found.flat().forEach(({ id, similarity }, at) => {
      assert.ok(Math.abs(similarity - similarities[at]!) <= (tolerance ?? 1e-6), `${similarity}`);
      const product = dotProduct(queries, Math.floor(at / 10), all, Number(id.slice(1)));
      assert.ok(Math.abs(similarity - product) <= (tolerance ?? 1e-6), `${id}: ${similarity} for ${product}`);
    });
  });

  it("lists ids in the order in which they were added, and gives each one's vector", async () => {
    const backend = await filled();
    assert.equal(backend.count, count);
    assert.deepEqual([...backend.ids()], entriesOf(all, 0, count).ids);
    for (const row of [0, 299, 300, 301, 699]) {
      const vector = await backend.vectorOf(`v${row}`);
      all.data
        .subarray(row * dim, (row + 1) * dim)
        .forEach((value, at) => assert.ok(Math.abs(vector![at]! - value) <= (tolerance ?? 0)));
    }
    assert.equal(await backend.vectorOf("nobody"), null);
  });

  it("gives all vectors in the order of the ids, some at once", async () => {
    const backend = await filled();
    await backend.delete(["v3"]);
    const blocks = [...backend.vectors(200)];
    assert.ok(blocks.length > 1 && blocks.every((block) => block.count <= 200 && block.dim === dim));
    const found = blocks.flatMap(({ data }) => [...data]);
    const ids = [...backend.ids()];
    assert.equal(found.length, ids.length * dim);
    const expected = takeRows(
      all,
      ids.map((id) => Number(id.slice(1))),
    ).data;
    expected.forEach((value, at) => assert.ok(Math.abs(found[at]! - value) <= (tolerance ?? 0)));
  });

  it("finds nothing that was deleted, and counts only what was there", async () => {
    const backend = await filled();
    const gone = ["v3", "v300", "v650"];
    assert.equal(await backend.delete([...gone, "nobody", "v3"]), 3);
    assert.equal(await backend.delete(gone), 0);
    assert.equal(backend.count, count - 3);
    const hits = (await backend.search(takeRows(all, [3, 300, 650]), 700)).flat();
    assert.equal(hits.length, 3 * (count - 3));
    assert.ok(hits.every(({ id }) => !gone.includes(id)));
    assert.equal(await backend.vectorOf("v3"), null);
  });

  it("puts a vector in the place of an older one of the same id", async () => {
    const backend = await filled();
    await backend.add({ ids: ["v5", "new"], vectors: unitVectors(2, dim, 3) });
    assert.equal(backend.count, count + 1);
    const nearest = await backend.search(unitVectors(1, dim, 3), 1);
    assert.equal(nearest[0]![0]!.id, "v5");
    const hits = (await backend.search(takeRows(all, [5]), count + 1))[0]!;
    assert.equal(hits.filter(({ id }) => id === "v5").length, 1);
  });

  it("answers an empty search, and one for more than there is", async () => {
    const backend = await make(dim);
    open.push(backend);
    assert.deepEqual(await backend.search(unitVectors(2, dim, 4), 5), [[], []]);
    await backend.add(entriesOf(all, 0, 3));
    assert.deepEqual(await backend.search({ count: 0, dim, data: new Float32Array() }, 5), []);
    assert.equal((await backend.search(unitVectors(1, dim, 4), 5))[0]!.length, 3);
    assert.equal(await backend.delete(["v0", "v1", "v2"]), 3);
    assert.deepEqual(await backend.search(unitVectors(1, dim, 4), 5), [[]]);
  });

  it("refuses what cannot be kept, and keeps nothing of it", async () => {
    const backend = await filled();
    const refused = async (entries: Entries, message: RegExp) => {
      await assert.rejects(backend.add(entries), (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      });
    };
    const two = unitVectors(2, dim, 5);
    await refused({ ids: ["x"], vectors: unitVectors(1, dim + 1, 5) }, /vectors of 25 numbers, expected 24/);
    await refused({ ids: ["x", "x"], vectors: two }, /ids given twice: "x"/);
    await refused({ ids: ["x", ""], vectors: two }, /ids that are empty/);
    await refused({ ids: ["x", "y\ud800"], vectors: two }, /no Unicode text/);
    const long = { ...two, data: two.data.map((value) => 2 * value) };
    await refused({ ids: ["x", "y"], vectors: long }, /not of length 1: of "x", "y"/);
    await refused({ ids: ["x", "y"], vectors: { ...two, data: two.data.map(() => NaN) } }, /not of length 1/);
    await assert.rejects(backend.search(unitVectors(1, dim + 1, 5), 1), /queries of 25 numbers, expected 24/);
    await assert.rejects(backend.search(unitVectors(1, dim, 5), 0), /k 0, expected a whole number from 1/);
    assert.equal(backend.count, count);
  });
}
