/** @file From labels as they are written to numbers and names. */

import assert from "node:assert/strict";
import { numberLabels } from "../../src/data/labels.js";

const number = (found: (string | null)[], known: string[] | null = null) => {
  const { labels, classNames } = numberLabels(found, known, "here");
  return [labels === null ? null : [...labels], classNames];
};

describe("numberLabels", () => {
  it("keeps numbers, also where some are missing or another part has fewer", () => {
    assert.deepEqual(number(["3", "0"]), [
      [3, 0],
      ["0", "1", "2", "3"],
    ]);
    assert.deepEqual(number(["2"], ["0", "1"]), [[2], ["0", "1", "2"]]);
    assert.deepEqual(number(["0"], ["0", "1"]), [[0], ["0", "1"]]);
  });

  it("numbers names in natural order, and names that only look like numbers", () => {
    assert.deepEqual(number(["c10", "c9", "c10"]), [
      [1, 0, 1],
      ["c9", "c10"],
    ]);
    assert.deepEqual(number(["007", "1"]), [
      [1, 0],
      ["1", "007"],
    ]);
    assert.deepEqual(number(["4000000000", "5"]), [
      [1, 0],
      ["5", "4000000000"],
    ]);
  });

  it("numbers by the names that are known, and refuses others", () => {
    assert.deepEqual(number(["b"], ["b", "a"]), [[0], ["b", "a"]]);
    assert.throws(() => number(["b", "x"], ["a", "b"]), {
      name: "DataError",
      message: /here: found classes x, expected only the training classes \(a, b\)/,
    });
  });

  it("has nothing where nothing is labelled", () => {
    assert.deepEqual(number([null, null], ["a"]), [null, []]);
  });
});
