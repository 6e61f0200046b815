import assert from "node:assert/strict";
import { copyThreshold, findCopies, pairsAbove, type Partner } from "../../src/evaluate/copies.js";
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

describe("the rule for copies", () => {
  it("takes for a threshold what all but one in a hundred of our own copies reach", () => {
    const scores = Array.from({ length: 200 }, (_, at) => 1 - at / 4000);
    assert.equal(copyThreshold(scores), scores[197]);
    assert.equal(copyThreshold([0.2, 0.99]), 0.9);
    assert.equal(copyThreshold([]), 0.9);
  });

  it("finds no copies among pictures that are merely alike, however much", () => {
    for (const dims of [4, 8, 16])
      for (const nearest of [0.5, 0.05, 0.01])
        assert.deepEqual(findCopies(chance(dims, nearest), 0.97, COUNT), [], `${dims} ${nearest}`);
  });

  it("finds a pair, and a group whose members are as near to each other", () => {
    const partners = chance(8, 0.3);
    for (const row of [10, 11, 12]) {
      const others = [10, 11, 12]
        .filter((other) => other !== row)
        .map((other) => ({ row: other, score: 0.999 }));
      partners[row] = [...others, ...partners[row]!];
    }
    const pairs = findCopies(partners, 0.97, COUNT).map(({ a, b }) => `${a} ${b}`);
    assert.deepEqual(pairs.sort(), ["10 11", "10 12", "11 12"]);
  });

  it("does not take a pair that only stands out: it must be as alike as a copy is", () => {
    const partners = chance(8, 0.9);
    partners[10] = [{ row: 11, score: 0.96 }, ...partners[10]!];
    assert.deepEqual(findCopies(partners, 0.97, COUNT), []);
    assert.equal(findCopies(partners, 0.95, COUNT).length, 1);
  });

  it("gives way to a threshold from outside", () => {
    const near = [[{ row: 1, score: 0.8 }], [{ row: 0, score: 0.8 }]];
    assert.deepEqual(pairsAbove(near, 0.7), [{ a: 0, b: 1, score: 0.8 }]);
    assert.deepEqual(pairsAbove(near, 0.9), []);
  });
});
