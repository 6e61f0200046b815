import assert from "node:assert/strict";
import { cpuProvider } from "../../src/evaluate/provider.js";
import { searchNearest } from "../../src/evaluate/search.js";
import { vectors } from "./vectorsOf.js";

describe("searchNearest", () => {
  const bank = vectors(2, [1, 0], [0, 1], [-1, 0], [0, 1]);

  it("finds the most similar rows, the lower first among equals", async () => {
    const found = await searchNearest(vectors(2, [0.6, 0.8], [-1, 0]), bank, 3, cpuProvider(1));
    assert.deepEqual([...found.rows], [1n, 3n, 0n, 2n, 1n, 3n]);
    const expected = [0.8, 0.8, 0.6, 1, 0, 0];
    found.similarities.forEach((similarity, at) => assert.ok(Math.abs(similarity - expected[at]!) < 1e-6));
    assert.deepEqual([found.count, found.k], [2, 3]);
  });

  it("gives every query its own neighbours where they are searched in blocks", async () => {
    // 2^24 similarities at once: with 2^23 rows, two queries a block.
    const count = 2 ** 23;
    const data = new Float32Array(count);
    [7, 70, 700].forEach((row, at) => (data[row] = at + 1));
    const told: number[][] = [];
    const bank = { count, dim: 1, data };
    const found = await searchNearest(vectors(1, [1], [-1], [2]), bank, 1, cpuProvider(2), (...done) =>
      told.push(done),
    );
    assert.deepEqual(told, [
      [2, 3],
      [3, 3],
    ]);
    assert.deepEqual([...found.rows], [700n, 0n, 700n]);
    assert.deepEqual([...found.similarities].map(Math.abs), [3, 0, 6]);
  });
});
