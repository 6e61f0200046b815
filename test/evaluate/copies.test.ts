import assert from "node:assert/strict";
import {
  copyThreshold,
  findCopies,
  pairsAbove,
  type CopyRule,
  type Partner,
} from "../../src/evaluate/copies.js";
import { groupRows } from "../../src/search/groups.js";
import { RandomStream } from "../../src/random/philox.js";

const COUNT = 400;

/** Partners of pictures that are no copies, around which the others lie as in `dims` dimensions. */
function chance(dims: number, nearest: number): Partner[][] {
  const random = new RandomStream(3, "partners");
  return Array.from({ length: COUNT }, (_, row) => {
    // Radii of a uniform cloud: volumes are sums of exponential steps.
    let volume = 0;
    return Array.from({ length: 6 }, (_, at) => {
      volume -= Math.log(1 - random.uniform());
      return { row: (row + at + 1) % COUNT, score: 1 - nearest * (volume / 6) ** (1 / dims) };
    });
  });
}

const rule = (threshold: number): CopyRule => ({ threshold, usual: 0.997 });

describe("the rule for copies", () => {
  it("takes for a threshold what all but two in a hundred of our own copies reach", () => {
    const scores = Array.from({ length: 200 }, (_, at) => 1 - at / 4000);
    assert.equal(copyThreshold(scores), scores[195]);
    assert.equal(copyThreshold([0.2, 0.99]), 0.9);
    assert.equal(copyThreshold([]), 0.9);
  });

  it("finds no copies among pictures that are merely alike, however much", () => {
    for (const dims of [4, 8, 16])
      for (const nearest of [0.5, 0.05, 0.01])
        assert.deepEqual(findCopies(chance(dims, nearest), rule(0.97)), [], `${dims} ${nearest}`);
  });

  it("finds a pair, and a group whose members are as near to each other", () => {
    const partners = chance(8, 0.3);
    for (const row of [10, 11, 12]) {
      const others = [10, 11, 12]
        .filter((other) => other !== row)
        .map((other) => ({ row: other, score: 0.999 }));
      partners[row] = [...others, ...partners[row]!];
    }
    assert.deepEqual(groupRows(COUNT, findCopies(partners, rule(0.97))), [[10, 11, 12]]);
  });

  it("does not take a pair that only stands out: it must be as alike as a copy is", () => {
    const partners = chance(8, 0.9);
    partners[10] = [{ row: 11, score: 0.96 }, ...partners[10]!];
    assert.deepEqual(findCopies(partners, rule(0.97)), []);
    assert.deepEqual(groupRows(COUNT, findCopies(partners, rule(0.95))), [[10, 11]]);
  });

  it("finds what is the same, however many are, and what stands out from a set where all is there twice", () => {
    const once = chance(8, 0.02);
    once[10] = [{ row: 11, score: 0.9985 }, ...once[10]!];
    const twice = [...once, ...once].map((near, row) => [
      { row: (row + COUNT) % (2 * COUNT), score: 1 },
      ...near.flatMap(({ row: other, score }) => [other, other + COUNT].map((one) => ({ row: one, score }))),
    ]);
    const groups = groupRows(2 * COUNT, findCopies(twice, rule(0.97)));
    assert.equal(groups.length, COUNT - 1);
    assert.deepEqual(groups[7], [7, COUNT + 7]);
    assert.deepEqual(groups[10], [10, 11, COUNT + 10, COUNT + 11]);
  });

  it("gives way to a threshold from outside", () => {
    const near = [[{ row: 1, score: 0.8 }], [{ row: 0, score: 0.8 }]];
    assert.deepEqual(pairsAbove(near, 0.7), [{ a: 0, b: 1, score: 0.8 }]);
    assert.deepEqual(pairsAbove(near, 0.9), []);
  });
});
