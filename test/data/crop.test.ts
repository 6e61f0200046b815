/** @file The boxes that crops are cut from. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { centredStart, drawCropBox, resizedToShortEdge, roundHalfEven } from "../../src/data/crop.js";
import { RandomStream } from "../../src/random/philox.js";

const RATIO = [3 / 4, 4 / 3] as const;

describe("drawCropBox", () => {
  it("stays inside pictures of any size", () => {
    const edge = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(edge, edge, fc.nat(), (width, height, seed) => {
        const box = drawCropBox(new RandomStream(seed, "crop"), width, height, [0.08, 1], RATIO);
        assert.ok(Object.values(box).every(Number.isInteger));
        assert.ok(box.width >= 1 && box.left >= 0 && box.left + box.width <= width);
        assert.ok(box.height >= 1 && box.top >= 0 && box.top + box.height <= height);
      }),
    );
  });

  it("reaches every position", () => {
    const lefts = new Set<number>();
    const stream = new RandomStream(6, "crop");
    for (let draw = 0; draw < 400; draw++) lefts.add(drawCropBox(stream, 8, 8, [0.25, 0.25], [1, 1]).left);
    assert.deepEqual([...lefts].sort(), [0, 1, 2, 3, 4]);
  });

  it("falls back to the largest centred box where no ratio fits", () => {
    const strip = (width: number, height: number) =>
      drawCropBox(new RandomStream(1, "crop"), width, height, [0.9, 1], RATIO);
    assert.deepEqual(strip(30, 1000), { left: 0, top: 480, width: 30, height: 40 });
    assert.deepEqual(strip(1000, 30), { left: 480, top: 0, width: 40, height: 30 });
    assert.deepEqual(strip(1, 1000), { left: 0, top: 499, width: 1, height: 1 });
  });

  it("takes all of a square picture when asked for all of it", () => {
    const box = drawCropBox(new RandomStream(1, "crop"), 28, 28, [1, 1], [1, 1]);
    assert.deepEqual(box, { left: 0, top: 0, width: 28, height: 28 });
  });
});

describe("the centre", () => {
  it("rounds halves to even, as Python does", () => {
    assert.deepEqual([0.5, 1.5, 2.5, 2.4, 2.6].map(roundHalfEven), [0, 2, 2, 2, 3]);
    assert.deepEqual([centredStart(256, 224), centredStart(29, 28), centredStart(31, 28)], [16, 0, 2]);
  });

  it("keeps the shape when the shorter edge is resized, the longer edge rounded down", () => {
    assert.deepEqual(resizedToShortEdge(500, 375, 256), { width: 341, height: 256 }); // 341.33
    assert.deepEqual(resizedToShortEdge(375, 500, 256), { width: 256, height: 341 });
    assert.deepEqual(resizedToShortEdge(28, 28, 28), { width: 28, height: 28 });
  });
});
