import assert from "node:assert/strict";
import { normalizeRows, shuffledRows, takeRows, withoutRows } from "../../src/search/vectors.js";
import { RandomStream } from "../../src/random/philox.js";
import { vectors } from "../evaluate/vectorsOf.js";

describe("withoutRows", () => {
  it("leaves rows out and says where the others stood", () => {
    const kept = withoutRows(vectors(2, [1, 2], [3, 4], [5, 6], [7, 8]), new Set([0, 2]));
    assert.deepEqual([...kept.rows], [1, 3]);
    assert.deepEqual(kept.vectors, vectors(2, [3, 4], [7, 8]));
  });

  it("copies nothing where nothing is broken", () => {
    const all = vectors(1, [1], [2]);
    const kept = withoutRows(all, new Set());
    assert.equal(kept.vectors, all);
    assert.deepEqual([...kept.rows], [0, 1]);
  });
});

describe("takeRows", () => {
  it("gives rows in the order asked for", () => {
    assert.deepEqual(takeRows(vectors(2, [1, 2], [3, 4], [5, 6]), [2, 0]), vectors(2, [5, 6], [1, 2]));
  });
});

describe("shuffledRows", () => {
  it("gives every row once, in an order that the stream decides", () => {
    const rows = shuffledRows(100, new RandomStream(0, "a"));
    assert.deepEqual(
      [...rows].sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, row) => row),
    );
    assert.deepEqual(shuffledRows(100, new RandomStream(0, "a")), rows);
    assert.notDeepEqual(shuffledRows(100, new RandomStream(0, "b")), rows);
  });
});

describe("normalizeRows", () => {
  it("scales every row to length 1 and leaves a zero row", () => {
    const { data } = normalizeRows(vectors(2, [3, 4], [0, 0], [-2, 0]));
    assert.deepEqual([...data], [...Float32Array.of(0.6, 0.8, 0, 0, -1, 0)]);
  });

  it("leaves its argument as it was", () => {
    const given = vectors(2, [3, 4]);
    normalizeRows(given);
    assert.deepEqual([...given.data], [3, 4]);
  });
});
