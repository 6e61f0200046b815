import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../src/errors.js";
import { quantizeRows } from "../../src/search/quantize.js";
import { vectors } from "../evaluate/vectorsOf.js";
import { searchCases } from "./hardVectors.js";

describe("quantizeRows", () => {
  it("rounds each row to multiples of its largest number / 127", () => {
    const codes = quantizeRows(vectors(3, [1.27, -0.634, 0.006], [0, 0, 0], [-254, 3, -1]));
    assert.deepEqual([...codes.codes], [127, -63, 1, 0, 0, 0, -127, 2, 0]);
    assert.deepEqual([...codes.scales], [Math.fround(0.01), 0, 2]);
    assert.deepEqual([codes.count, codes.dim], [3, 3]);
    // The last row is off by 0, 1 and 1.
    assert.ok(Math.abs(codes.error - Math.SQRT2) < 1e-12);
  });

  it("knows how far rows are from their codes, and no number is off by more than half a step", () => {
    fc.assert(
      fc.property(searchCases, ({ bank: { count, dim, data } }) => {
        const { codes, scales, error } = quantizeRows({ count, dim, data });
        let worst = 0;
        for (let row = 0; row < count; row++) {
          let squares = 0;
          for (let at = row * dim; at < (row + 1) * dim; at++) {
            const off = Math.abs(data[at]! - scales[row]! * codes[at]!);
            assert.ok(off <= (scales[row]! / 2) * (1 + 1e-9), `row ${row}: off by ${off}`);
            squares += off ** 2;
          }
          worst = Math.max(worst, Math.sqrt(squares));
        }
        assert.ok(Math.abs(error - worst) <= 1e-12 * worst);
      }),
    );
  });

  it("refuses what is not a number, and says in which row", () => {
    for (const wrong of [NaN, Infinity, -Infinity]) {
      assert.throws(
        () => quantizeRows(vectors(2, [1, 2], [3, wrong])),
        (error) => error instanceof UsageError && error.message.includes("row 1"),
      );
    }
  });
});
