/** @file The scan over threads: the same answers as one thread's, whatever their number. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../../src/errors.js";
import { quantizeRows } from "../../src/search/quantize.js";
import { rerank, searchExactly } from "../../src/search/rerank.js";
import { Scanner } from "../../src/search/scan.js";
import { ThreadedScanner } from "../../src/search/threads.js";
import { suiteFolder } from "../support/temporary.js";
import { nearestByBruteForce, randomRows, rowsIn, searchCases } from "./hardVectors.js";

async function withThreads<T>(
  dim: number,
  threads: number,
  use: (scanner: ThreadedScanner) => Promise<T>,
): Promise<T> {
  const scanner = new ThreadedScanner(dim, { threads });
  try {
    return await use(scanner);
  } finally {
    await scanner.close();
  }
}

describe("ThreadedScanner", () => {
  const folder = suiteFolder();

  it("finds what one thread finds, with one to four threads", async () => {
    const bank = randomRows(20_000, 33, 0);
    // Ties across the threads' parts: the second half repeats the first.
    bank.data.copyWithin(10_000 * 33, 0, 10_000 * 33);
    const codes = quantizeRows(bank);
    const alone = new Scanner(33, [codes]);
    alone.delete([5, 15_000]);
    for (const threads of [1, 2, 3, 4]) {
      await withThreads(33, threads, async (scanner) => {
        scanner.add(codes);
        scanner.delete([5, 15_000]);
        assert.deepEqual([scanner.rows, scanner.count], [20_000, 19_998]);
        const queries = Array.from({ length: 8 }, (_, seed) => randomRows(1, 33, seed + 1).data);
        // All under way at once.
        const found = await Promise.all(
          queries.map((query) => searchExactly(scanner, query, 10, rowsIn(bank))),
        );
        for (const [at, query] of queries.entries()) {
          assert.deepEqual(found[at], rerank(alone.candidates(query, 10), query, 10, rowsIn(bank)));
          assert.deepEqual(await scanner.search(query, 10), alone.search(query, 10));
        }
      });
    }
  });

  it("finds the true nearest of hard sets, in segments", async () => {
    await fc.assert(
      fc.asyncProperty(searchCases, (one) =>
        withThreads(one.bank.dim, 2, async (scanner) => {
          // Rows of nothing, so that the hard ones lie in the parts of both threads.
          const { count, dim } = one.bank;
          const half = Math.ceil(count / 2);
          const cut = half * dim;
          const nothing = { count: 4000, dim, data: new Float32Array(4000 * dim) };
          const parts = [
            { count: half, dim, data: one.bank.data.slice(0, cut) },
            nothing,
            { count: count - half, dim, data: one.bank.data.slice(cut) },
          ];
          parts.forEach((part) => scanner.add(quantizeRows(part)));
          const data = Float32Array.from(parts.flatMap((part) => [...part.data]));
          const bank = { count: count + 4000, dim, data };
          const found = await searchExactly(scanner, one.query, one.k, rowsIn(bank));
          assert.deepEqual(found, nearestByBruteForce({ ...one, bank }));
        }),
      ),
      { numRuns: 20 },
    );
  });

  it("reads codes from a file straight into its memory", async () => {
    const bank = randomRows(9000, 24, 1);
    const { codes, scales, error, count } = quantizeRows(bank);
    const path = join(folder(), "codes");
    writeFileSync(path, codes);
    const query = randomRows(1, 24, 2).data;
    const file = await open(path);
    try {
      await withThreads(24, 2, async (scanner) => {
        const first = await scanner.addInPlace(count, error, async (space) => {
          const { bytesRead } = await file.read(space.codes, 0, space.codes.byteLength, 0);
          assert.equal(bytesRead, count * 24);
          space.scales.set(scales);
        });
        assert.equal(first, 0);
        const alone = new Scanner(24, [{ count, dim: 24, codes, scales, error }]);
        assert.deepEqual(await scanner.search(query, 9), alone.search(query, 9));
      });
    } finally {
      await file.close();
    }
  });

  it("finds nothing in nothing, and refuses what cannot be searched", async () => {
    await withThreads(2, 2, async (scanner) => {
      assert.equal((await scanner.search(Float32Array.of(1, 0), 3)).rows.length, 0);
      await assert.rejects(scanner.search(Float32Array.of(1), 3), UsageError);
      await assert.rejects(scanner.candidates(Float32Array.of(1, 0), 0.5), UsageError);
    });
    assert.throws(() => new ThreadedScanner(2, { threads: 0 }), UsageError);
  });

  it("rejects searches once it is closed", async () => {
    const scanner = new ThreadedScanner(1, { threads: 1 });
    scanner.add(quantizeRows(randomRows(1, 1, 0)));
    await scanner.close();
    await assert.rejects(scanner.search(Float32Array.of(1), 1), /closed/);
  });
});
