/** @file The order of file names. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { compareNaturally } from "../../src/data/naturalOrder.js";

const name = fc.string({ unit: fc.constantFrom("a", "B", "/", ".", "0", "1", "2", "9"), maxLength: 6 });

describe("natural order", () => {
  it("puts 2.jpg before 10.jpg, and a folder's files together", () => {
    const names = ["b/1.jpg", "10.jpg", "a10/1.jpg", "2.jpg", "a2/12.jpg", "a2/3.jpg"];
    assert.deepEqual(names.sort(compareNaturally), [
      "2.jpg",
      "10.jpg",
      "a2/3.jpg",
      "a2/12.jpg",
      "a10/1.jpg",
      "b/1.jpg",
    ]);
  });

  it("compares numbers too long for a double", () => {
    assert.ok(compareNaturally("img99999999999999999998", "img99999999999999999999") < 0);
  });

  it("is a total order: two names tie only if they are the same", () => {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        const sign = (x: string, y: string): number => Math.sign(compareNaturally(x, y));
        assert.equal(sign(a, b) === 0, a === b);
        assert.equal(sign(a, b), 0 - sign(b, a));
        if (sign(a, b) <= 0 && sign(b, c) <= 0) assert.ok(sign(a, c) <= 0);
      }),
      { numRuns: 2000 },
    );
  });
});
