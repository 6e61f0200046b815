/** @file The scan by one thread against brute force in float64, which knows no bounds. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../src/errors.js";
import { cpuProvider } from "../../src/evaluate/provider.js";
import { searchNearest } from "../../src/evaluate/search.js";
import type { Codes } from "../../src/search/codes.js";
import { quantizeRows } from "../../src/search/quantize.js";
import { rerank } from "../../src/search/rerank.js";
import { Scanner } from "../../src/search/scan.js";
import { nearestByBruteForce, randomRows, rowsIn, searchCases } from "./hardVectors.js";

/** Similarities of the codes themselves, in float64. */
function similaritiesTo(query: Float32Array, { count, dim, codes, scales }: Codes): number[] {
  return Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let at = 0; at < dim; at++) sum += query[at]! * codes[row * dim + at]!;
    return scales[row]! * sum;
  });
}

function lengthOf(values: ArrayLike<number>): number {
  return Math.hypot(...Array.from(values));
}

describe("Scanner: similarities", () => {
  it("are the query times what the codes stand for, for rows of any length", () => {
    for (const dim of [1, 2, 15, 16, 17, 31, 32, 33, 127, 128, 129, 1000, 4096]) {
      const bank = randomRows(11, dim, dim);
      const codes = quantizeRows(bank);
      const query = randomRows(1, dim, dim + 1).data;
      const found = new Scanner(dim, [codes]).similarities(query);
      const expected = similaritiesTo(query, codes);
      assert.equal(found.length, 11);
      found.forEach((similarity, row) =>
        assert.ok(Math.abs(similarity - expected[row]!) < 1e-4, `dim ${dim}, row ${row}: ${similarity}`),
      );
    }
  });

  it("do not overflow where every product is as large as can be", () => {
    for (const dim of [512, 516, 517, 2064, 65_536]) {
      const ones = new Float32Array(dim).fill(1);
      const rows = quantizeRows({ count: 1, dim, data: ones });
      const found = new Scanner(dim, [rows]).similarities(ones)[0]!;
      assert.ok(Math.abs(found / dim - 1) < 1e-4, `dim ${dim}: ${found}`);
    }
  });

  it("of more rows than fit into a block are all there, over several segments", () => {
    const bank = randomRows(10_001, 5, 0);
    const first = { ...bank, count: 4099, data: bank.data.slice(0, 4099 * 5) };
    const second = { ...bank, count: 5902, data: bank.data.slice(4099 * 5) };
    const query = randomRows(1, 5, 1).data;
    const whole = new Scanner(5, [quantizeRows(bank)]).similarities(query);
    const parts = new Scanner(5, [quantizeRows(first), quantizeRows(second)]);
    assert.deepEqual(parts.similarities(query), whole);
    assert.equal(parts.rows, 10_001);
  });
});

describe("Scanner: candidates", () => {
  it("hold the true nearest of every set, and reranked are exactly these", () => {
    fc.assert(
      fc.property(searchCases, (one) => {
        const scanner = new Scanner(one.bank.dim, [quantizeRows(one.bank)]);
        const found = rerank(scanner.candidates(one.query, one.k), one.query, one.k, rowsIn(one.bank));
        assert.deepEqual(found, nearestByBruteForce(one));
      }),
      { numRuns: 500 },
    );
  });

  it("bound the true similarity from both sides", () => {
    fc.assert(
      fc.property(searchCases, ({ bank, query }) => {
        const scanner = new Scanner(bank.dim, [quantizeRows(bank)]);
        // k = all: nobody is ruled out.
        const { rows, lower, upper } = scanner.candidates(query, bank.count);
        const truth = nearestByBruteForce({ bank, query, k: bank.count });
        const similarityOf = new Map(Array.from(truth.rows, (row, at) => [row, truth.similarities[at]!]));
        assert.equal(rows.length, bank.count);
        rows.forEach((row, at) => {
          const similarity = similarityOf.get(row)!;
          assert.ok(lower[at]! <= similarity && similarity <= upper[at]!);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("are the same nearest in several segments with deleted rows", () => {
    fc.assert(
      fc.property(searchCases, fc.double({ min: 0, max: 1, noNaN: true }), (one, share) => {
        const { count, dim, data } = one.bank;
        const cut = Math.floor(share * count);
        const parts = [
          { count: cut, dim, data: data.slice(0, cut * dim) },
          { count: count - cut, dim, data: data.slice(cut * dim) },
        ];
        const scanner = new Scanner(dim, parts.map(quantizeRows));
        const deleted = new Set(
          Array.from({ length: count }, (_, row) => row).filter((row) => row % 4 === 1),
        );
        scanner.delete(deleted);
        assert.equal(scanner.count, count - deleted.size);
        const found = rerank(scanner.candidates(one.query, one.k), one.query, one.k, rowsIn(one.bank));
        assert.deepEqual(found, nearestByBruteForce(one, deleted));
      }),
      { numRuns: 300 },
    );
  });

  it("are few where vectors are spread out, and one outlier does not make them many", () => {
    const bank = randomRows(20_000, 64, 0);
    const query = randomRows(1, 64, 1).data;
    const many = new Scanner(64, [quantizeRows(bank)]).candidates(query, 10).rows.length;
    assert.ok(many < 40, `${many} candidates for 10 nearest`);
    bank.data.set([1, ...Array.from({ length: 63 }, () => 0.0039)], 0);
    const withOutlier = new Scanner(64, [quantizeRows(bank)]).candidates(query, 10).rows.length;
    assert.ok(withOutlier < 60, `${withOutlier} candidates for 10 nearest`);
  });

  it("among rows that are all the same are all of them, and of zeros the first", () => {
    const same = { count: 9000, dim: 3, data: new Float32Array(27_000).fill(0.5) };
    const query = Float32Array.of(1, 1, 1);
    const found = new Scanner(3, [quantizeRows(same)]).candidates(query, 2);
    assert.equal(found.rows.length, 9000);
    assert.deepEqual([...rerank(found, query, 2, rowsIn(same)).rows], [0, 1]);
    const zeros = { count: 9000, dim: 3, data: new Float32Array(27_000) };
    assert.deepEqual([...new Scanner(3, [quantizeRows(zeros)]).candidates(query, 2).rows], [0, 1]);
  });

  it("and what is most similar do not depend on rows that come ever nearer", () => {
    const count = 30_000;
    const data = Float32Array.from({ length: 2 * count }, (_, at) => {
      const angle = 1 - Math.floor(at / 2) / count;
      return at % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
    });
    const one = { bank: { count, dim: 2, data }, query: Float32Array.of(1, 0), k: 5 };
    const scanner = new Scanner(2, [quantizeRows(one.bank)]);
    const found = rerank(scanner.candidates(one.query, 5), one.query, 5, rowsIn(one.bank));
    assert.deepEqual(found, nearestByBruteForce(one));
  });
});

describe("Scanner: search", () => {
  it("finds the nearest codes", () => {
    const bank = randomRows(500, 20, 3);
    const codes = quantizeRows(bank);
    const query = randomRows(1, 20, 4).data;
    const similarities = similaritiesTo(query, codes);
    const expected = [...similarities.keys()].sort((a, b) => similarities[b]! - similarities[a]!).slice(0, 7);
    const found = new Scanner(20, [codes]).search(query, 7);
    assert.deepEqual([...found.rows], expected);
    found.similarities.forEach((one, at) => assert.ok(Math.abs(one - similarities[expected[at]!]!) < 1e-4));
  });

  it("reranked is the runtime's exhaustive search", async () => {
    const [bank, queries] = [randomRows(3000, 128, 5), randomRows(20, 128, 6)];
    const expected = await searchNearest(queries, bank, 10, cpuProvider(1));
    const scanner = new Scanner(128, [quantizeRows(bank)]);
    for (let query = 0; query < queries.count; query++) {
      const one = queries.data.subarray(128 * query, 128 * (query + 1));
      assert.ok(Math.abs(lengthOf(one) - 1) < 1e-6);
      const { rows } = rerank(scanner.candidates(one, 10), one, 10, rowsIn(bank));
      assert.deepEqual([...rows], [...expected.rows.subarray(10 * query, 10 * (query + 1))].map(Number));
    }
  });

  it("finds fewer than k where there are fewer, and nothing in nothing", () => {
    const query = Float32Array.of(1, 0);
    assert.equal(new Scanner(2).search(query, 3).rows.length, 0);
    const two = new Scanner(2, [quantizeRows({ count: 2, dim: 2, data: Float32Array.of(0, 1, 1, 0) })]);
    assert.deepEqual([...two.search(query, 3).rows], [1, 0]);
    two.delete([0, 1]);
    assert.equal(two.candidates(query, 3).rows.length, 0);
  });

  it("takes codes that are written in place", () => {
    const bank = randomRows(100, 7, 8);
    const { codes, scales, error, count } = quantizeRows(bank);
    const scanner = new Scanner(7);
    const first = scanner.addInPlace(count, error, (space) => {
      space.codes.set(codes);
      space.scales.set(scales);
    });
    const query = bank.data.subarray(0, 7);
    assert.equal(first, 0);
    assert.deepEqual(scanner.search(query, 5), new Scanner(7, [quantizeRows(bank)]).search(query, 5));
  });

  it("refuses what cannot be searched, and says what it found", () => {
    const scanner = new Scanner(2, [quantizeRows({ count: 1, dim: 2, data: Float32Array.of(0, 1) })]);
    const refused = (expected: string, action: () => unknown): void =>
      assert.throws(action, (error) => error instanceof UsageError && error.message.includes(expected));
    refused("has 3 numbers", () => scanner.search(new Float32Array(3), 1));
    refused("not finite", () => scanner.search(Float32Array.of(NaN, 1), 1));
    refused("0 nearest rows", () => scanner.candidates(new Float32Array(2), 0));
    refused("no row 1", () => scanner.delete([1]));
    refused("3 numbers a row", () => scanner.add(quantizeRows(randomRows(1, 3, 0))));
    refused("rowsOf gave 1 numbers", () =>
      rerank(scanner.candidates(new Float32Array(2), 1), new Float32Array(2), 1, () => new Float32Array(1)),
    );
    refused("GiB", () => new Scanner(2 ** 20).addInPlace(2 ** 12, 0, () => undefined));
  });
});
