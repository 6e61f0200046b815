import assert from "node:assert/strict";
import { groupRows } from "../../src/search/groups.js";

describe("groups of rows", () => {
  it("hold what hangs together over any number of pairs", () => {
    const pairs = [
      { a: 5, b: 6 },
      { a: 0, b: 3 },
      { a: 6, b: 7 },
      { a: 3, b: 7 },
      { a: 1, b: 2 },
    ];
    assert.deepEqual(groupRows(9, pairs), [
      [0, 3, 5, 6, 7],
      [1, 2],
    ]);
  });

  it("are none without pairs", () => {
    assert.deepEqual(groupRows(3, []), []);
  });

  it("are made of long chains without deep recursion", () => {
    const pairs = Array.from({ length: 50_000 }, (_, a) => ({ a, b: a + 1 })).reverse();
    assert.equal(groupRows(50_001, pairs)[0]!.length, 50_001);
  });
});
