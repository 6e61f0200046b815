/** @file The order of pictures. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createSequentialSampler, createShuffledSampler } from "../../src/data/sampler.js";
import type { Sampler } from "../../src/data/sampler.js";

const epochRows = (sampler: Sampler, epoch: number): number[] =>
  Array.from({ length: sampler.stepsPerEpoch }, (_, at) =>
    sampler.batchRows(epoch * sampler.stepsPerEpoch + at),
  ).flatMap((rows) => [...rows]);

describe("the shuffled sampler", () => {
  it("takes every row at most once an epoch and leaves out less than a batch", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.nat(199),
        fc.nat(),
        fc.nat(5),
        (size, extra, seed, epoch) => {
          const batchSize = 1 + (extra % size);
          const rows = epochRows(createShuffledSampler(size, batchSize, seed), epoch);
          assert.equal(rows.length, size - (size % batchSize));
          assert.equal(new Set(rows).size, rows.length);
          assert.ok(rows.every((row) => row >= 0 && row < size));
        },
      ),
    );
  });

  it("takes every row once when batches divide the rows, each epoch in another order", () => {
    const sampler = createShuffledSampler(60, 20, 1);
    const all = Array.from({ length: 60 }, (_, row) => row);
    const [first, second] = [epochRows(sampler, 0), epochRows(sampler, 1)];
    assert.deepEqual(
      [...first].sort((a, b) => a - b),
      all,
    );
    assert.deepEqual(
      [...second].sort((a, b) => a - b),
      all,
    );
    assert.notDeepEqual(first, all);
    assert.notDeepEqual(first, second);
  });

  it("gives batch 7 the same rows whatever was asked before", () => {
    const asked = createShuffledSampler(25, 4, 3);
    for (const step of [0, 30, 6, 7]) asked.batchRows(step);
    assert.deepEqual(asked.batchRows(7), createShuffledSampler(25, 4, 3).batchRows(7));
    assert.equal(asked.epochOf(7), 1);
  });

  it("ends an epoch after whole groups of batches, in the order it has without groups", () => {
    const [plain, grouped] = [createShuffledSampler(25, 2, 3), createShuffledSampler(25, 2, 3, 5)];
    assert.equal(plain.stepsPerEpoch, 12);
    assert.equal(grouped.stepsPerEpoch, 10);
    for (const epoch of [0, 3]) {
      assert.deepEqual(epochRows(grouped, epoch), epochRows(plain, epoch).slice(0, 20));
    }
    assert.deepEqual([9, 10, 19, 20].map(grouped.epochOf), [0, 1, 1, 2]);
  });

  it("refuses a group of batches larger than the data, and a group of none", () => {
    assert.throws(() => createShuffledSampler(100, 32, 1, 4), {
      name: "UsageError",
      message:
        "batchSize x accumulation: found 32 x 4 for 100 pictures, expected at most 100; " +
        "lower one of them or add pictures",
    });
    assert.throws(() => createShuffledSampler(100, 32, 1, 0), {
      name: "UsageError",
      message: /accumulation: found 0/,
    });
  });

  it("refuses a batch larger than the data", () => {
    assert.throws(() => createShuffledSampler(100, 128, 1), {
      name: "UsageError",
      message:
        "batchSize: found 128 for 100 pictures, expected at most 100; lower the batch size or add pictures",
    });
  });

  it("refuses a batch of none and half a step", () => {
    assert.throws(() => createShuffledSampler(100, 0, 1), {
      name: "UsageError",
      message: /batchSize: found 0/,
    });
    assert.throws(() => createShuffledSampler(9, 3, 1).batchRows(0.5), {
      name: "UsageError",
      message: /step: found 0.5/,
    });
  });
});

describe("the sequential sampler", () => {
  it("walks the rows in order and ends with what is left", () => {
    const sampler = createSequentialSampler(5, 2);
    assert.deepEqual(
      [0, 1, 2, 3].map((step) => [...sampler.batchRows(step)]),
      [[0, 1], [2, 3], [4], []],
    );
    assert.equal(sampler.stepsPerEpoch, 3);
  });
});
