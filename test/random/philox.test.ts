/** @file Philox against its published vectors, and what the stream promises on top of it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../src/errors.js";
import { fnv1a32, philox4x32, RandomStream } from "../../src/random/philox.js";

const words = (hex: string): Uint32Array =>
  Uint32Array.from(hex.split(" ").map((word) => Number.parseInt(word, 16)));

/** Pearson's chi-squared of counts against equal expectations. */
function chiSquared(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("Philox4x32-10", () => {
  // Known answers that Random123 publishes: counter, key, block.
  const vectors = [
    ["00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    ["ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    ["243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ] as const;
  for (const [counter, key, expected] of vectors) {
    it(`turns counter ${counter} into the published block`, () => {
      const block = new Uint32Array(4);
      philox4x32(words(counter), words(key), block);
      assert.deepEqual(block, words(expected));
    });
  }
});

describe("FNV-1a", () => {
  it("gives the published hashes of the empty text, a and foobar", () => {
    assert.deepEqual(["", "a", "foobar"].map(fnv1a32), [0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });
});

describe("RandomStream", () => {
  it("hands out the words of blocks 0, 1, ... under the key [seed, hash of the labels]", () => {
    const stream = new RandomStream(7, "augment", 3, 41);
    const drawn = Array.from({ length: 8 }, () => stream.uint32());
    const key = Uint32Array.of(7, fnv1a32("augment/3/41"));
    const expected = [0, 1].flatMap((position) => {
      const block = new Uint32Array(4);
      philox4x32(Uint32Array.of(position, 0, 0, 0), key, block);
      return [...block];
    });
    assert.deepEqual(drawn, expected);
  });

  it("gives different numbers to another seed and to other labels", () => {
    const first = (seed: number, label: string): number => new RandomStream(seed, label).uint32();
    assert.equal(new Set([first(1, "a"), first(2, "a"), first(1, "b")]).size, 3);
  });

  it("spreads uniform() evenly over [0, 1)", () => {
    const stream = new RandomStream(1, "uniform");
    const counts = new Array<number>(100).fill(0);
    for (let draw = 0; draw < 100_000; draw++) {
      const value = stream.uniform();
      assert.ok(value >= 0 && value < 1);
      counts[Math.floor(value * 100)]!++;
    }
    assert.ok(chiSquared(counts) < 149, "99 degrees of freedom exceed 149 once in a thousand seeds");
  });

  it("draws every number below n equally often, also where 2^32 is no multiple of n", () => {
    const stream = new RandomStream(2, "below");
    const n = 3 * 2 ** 30; // plain modulo would draw the lowest third twice as often
    const counts = [0, 0, 0];
    for (let draw = 0; draw < 30_000; draw++) counts[Math.floor(stream.below(n) / 2 ** 30)]!++;
    assert.ok(chiSquared(counts) < 13.8, "2 degrees of freedom exceed 13.8 once in a thousand seeds");
  });

  it("keeps below(n) in range", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 1, max: 2 ** 32 }),
        (seed, n) => {
          const value = new RandomStream(seed, "range").below(n);
          return Number.isInteger(value) && value >= 0 && value < n;
        },
      ),
    );
  });

  it("shuffles into each of the orders of three equally often", () => {
    const stream = new RandomStream(3, "shuffle");
    const seen = new Map<string, number>();
    for (let round = 0; round < 12_000; round++) {
      const items = [0, 1, 2];
      stream.shuffle(items);
      seen.set(items.join(""), (seen.get(items.join("")) ?? 0) + 1);
    }
    assert.equal(seen.size, 6);
    assert.ok(
      chiSquared([...seen.values()]) < 20.5,
      "5 degrees of freedom exceed 20.5 once in a thousand seeds",
    );
  });

  it("draws normals of mean 0, variance 1 and kurtosis 3", () => {
    const stream = new RandomStream(4, "normal");
    const count = 100_000;
    const values = Array.from({ length: count }, () => stream.normal());
    const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / count;
    // Standard errors: 1, sqrt(2) and sqrt(96) over sqrt(count).
    assert.ok(Math.abs(moment(1)) < 4 / Math.sqrt(count));
    assert.ok(Math.abs(moment(2) - 1) < (4 * Math.SQRT2) / Math.sqrt(count));
    assert.ok(Math.abs(moment(4) - 3) < (4 * Math.sqrt(96)) / Math.sqrt(count));
  });

  for (const seed of [-1, 0.5, 2 ** 32, Number.NaN]) {
    it(`refuses ${seed} as a seed`, () => {
      assert.throws(() => new RandomStream(seed, "x"), {
        name: "UsageError",
        message: `seed: found ${seed}, expected a whole number from 0 to 4294967295; choose one in that range`,
      });
    });
  }

  it("refuses below(0)", () => {
    assert.throws(() => new RandomStream(1, "x").below(0), UsageError);
  });
});
