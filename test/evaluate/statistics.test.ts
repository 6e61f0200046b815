import assert from "node:assert/strict";
import { alignment, effectiveRank, uniformity } from "../../src/evaluate/statistics.js";
import { normalizeRows } from "../../src/search/vectors.js";
import { RandomStream } from "../../src/random/philox.js";
import { vectors } from "./vectorsOf.js";

const near = (found: number, expected: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(found - expected) <= tolerance, `found ${found}, expected ${expected}`);

/** Independent directions, all alike. */
const onSphere = (count: number, dim: number) => {
  const stream = new RandomStream(0, "sphere");
  return normalizeRows({
    count,
    dim,
    data: Float32Array.from({ length: count * dim }, () => stream.normal()),
  });
};

describe("alignment", () => {
  it("is the mean squared distance between rows of the same place", () => {
    const some = vectors(2, [1, 0], [0, 1], [1, 0]);
    near(alignment(some, some), 0);
    near(alignment(some, vectors(2, [1, 0], [0, -1], [0, 1])), (0 + 4 + 2) / 3);
  });
});

describe("uniformity", () => {
  it("is the logarithm of the mean of exp(-2 d²) over pairs", () => {
    // Squared distances 2, 4 and 2.
    const expected = Math.log((2 * Math.exp(-4) + Math.exp(-8)) / 3);
    near(uniformity(vectors(2, [1, 0], [0, 1], [-1, 0])), expected);
  });

  it("is 0 where all lie on one point, and where there is no pair", () => {
    near(uniformity(vectors(2, [1, 0], [1, 0], [1, 0])), 0);
    near(uniformity(vectors(2, [1, 0])), 0);
  });

  it("nears -4 for directions spread evenly over many dimensions", () => {
    // E exp(-4 (1 - t)) with t about normal of variance 1 / D: -4 + 8 / D.
    near(uniformity(onSphere(400, 128)), -4 + 8 / 128, 0.02);
  });
});

describe("effectiveRank", () => {
  it("counts the directions in use", () => {
    near(effectiveRank(vectors(3, [1, 0, 0], [-1, 0, 0])), 1);
    near(effectiveRank(vectors(3, [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0])), 2);
    // Shares 0.8 and 0.2.
    const expected = Math.exp(-(0.8 * Math.log(0.8) + 0.2 * Math.log(0.2)));
    near(effectiveRank(vectors(2, [2, 0], [-2, 0], [0, 1], [0, -1])), expected);
  });

  it("is 1 for an embedding that maps everything to one point", () => {
    assert.equal(effectiveRank(vectors(2, [0.6, 0.8], [0.6, 0.8])), 1);
  });

  it("nears the dimension for directions spread evenly", () => {
    const rank = effectiveRank(onSphere(2000, 16));
    assert.ok(rank > 15.8 && rank <= 16, String(rank));
  });
});
