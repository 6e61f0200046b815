import assert from "node:assert/strict";
import { segmentsToMerge } from "../../../src/search/folder/mergePolicy.js";

/** Adds so many rows so often; how many rows were written in all, and the segments that are left. */
function grow(times: number, rows: number, most = Infinity): { written: number; sizes: number[] } {
  const sizes: number[] = [];
  let written = 0;
  for (let time = 0; time < times; time++) {
    const taken = segmentsToMerge(sizes, rows, most);
    const merged = sizes.splice(sizes.length - taken).reduce((sum, size) => sum + size, rows);
    sizes.push(merged);
    written += merged;
  }
  return { written, sizes };
}

describe("merging", () => {
  it("begins with the eighth segment of a size", () => {
    assert.equal(segmentsToMerge([1, 1, 1, 1, 1, 1], 1, 1000), 0);
    assert.equal(segmentsToMerge([1, 1, 1, 1, 1, 1, 1], 1, 1000), 7);
  });

  it("leaves larger segments alone", () => {
    assert.equal(segmentsToMerge([100_000, 1, 1, 1, 1, 1, 1, 1], 1, 1e9), 7);
    assert.equal(segmentsToMerge([100_000], 100, 1e9), 0);
  });

  it("never makes a segment that is too large", () => {
    assert.equal(segmentsToMerge([50, 50, 50, 50, 50, 50, 50], 50, 399), 0);
    assert.equal(segmentsToMerge([50, 50, 50, 50, 50, 50, 50], 50, 400), 7);
  });

  it("keeps few segments, and writes a row a few times only", () => {
    for (const [times, rows] of [
      [100_000, 1],
      [1000, 1000],
      [20_000, 37],
    ] as const) {
      const { written, sizes } = grow(times, rows);
      const all = times * rows;
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        all,
      );
      assert.ok(sizes.length <= 50, `${times} × ${rows}: ${sizes.length} segments`);
      assert.ok(written <= 14 * all, `${times} × ${rows}: each row written ${written / all} times`);
    }
  });
});
