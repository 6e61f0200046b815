import assert from "node:assert/strict";
import { accuracy, classify, type Neighbours } from "../../src/knn/vote.js";

/** One query for each list of [row, similarity], most similar first. */
function found(...queries: readonly (readonly (readonly [row: number, similarity: number])[])[]): Neighbours {
  return {
    count: queries.length,
    k: queries[0]!.length,
    similarities: Float32Array.from(queries.flatMap((query) => query.map(([, similarity]) => similarity))),
    rows: BigInt64Array.from(queries.flatMap((query) => query.map(([row]) => BigInt(row)))),
  };
}

// Rows 0 and 1 show class 2, row 2 class 0, row 3 class 1.
const LABELS = [2, 2, 0, 1];

describe("classify", () => {
  it("weighs votes by exp(similarity / temperature)", () => {
    // At temperature 0.5: class 0 gets e^(1.8) = 6.05; class 2 gets e^(1.4) + e^(1.2) = 4.06 + 3.32 = 7.38.
    const near = found([
      [2, 0.9],
      [0, 0.7],
      [1, 0.6],
    ]);
    assert.deepEqual([...classify(near, LABELS, { k: 3, temperature: 0.5 })], [2]);
    // At 0.07 the nearest outweighs the others: e^(12.86) against e^(10) + e^(8.57).
    assert.deepEqual([...classify(near, LABELS, { k: 3, temperature: 0.07 })], [0]);
  });

  it("lets only the nearest k vote, of every query", () => {
    const near = found(
      [
        [2, 0.9],
        [0, 0.9],
        [1, 0.9],
      ],
      [
        [3, 0.5],
        [2, 0.1],
        [2, 0.1],
      ],
    );
    assert.deepEqual([...classify(near, LABELS, { k: 1, temperature: 0.07 })], [0, 1]);
    assert.deepEqual([...classify(near, LABELS, { k: 3, temperature: 0.07 })], [2, 1]);
  });

  it("takes the lower class among equals", () => {
    const tie = found([
      [0, 0.5],
      [3, 0.5],
    ]);
    assert.deepEqual([...classify(tie, LABELS, { k: 2, temperature: 0.07 })], [1]);
  });

  it("counts votes against one another where all similarities are negative", () => {
    const far = found([
      [3, -0.5],
      [0, -0.9],
      [2, -0.9],
    ]);
    assert.deepEqual([...classify(far, LABELS, { k: 3, temperature: 0.07 })], [1]);
  });
});

describe("accuracy", () => {
  it("is the share of queries that are classified right", () => {
    const near = found([[0, 1]], [[2, 1]], [[3, 1]], [[3, 1]]);
    assert.equal(accuracy(near, LABELS, [2, 0, 1, 0], { k: 1, temperature: 0.07 }), 0.75);
    assert.equal(accuracy(near, LABELS, [0, 1, 2, 2], { k: 1, temperature: 0.07 }), 0);
  });

  it("counts a query whose class is among the best few, the lower class first among equals", () => {
    const near = found([
      [2, 0.9],
      [0, 0.5],
      [3, 0.5],
    ]);
    const vote = { k: 3, temperature: 0.07 };
    // Class 0, then 1 and 2 with equal votes.
    const within = (label: number) => [1, 2, 3].map((among) => accuracy(near, LABELS, [label], vote, among));
    assert.deepEqual(within(0), [1, 1, 1]);
    assert.deepEqual(within(1), [0, 1, 1]);
    assert.deepEqual(within(2), [0, 0, 1]);
  });

  it("takes a class that nobody votes for, or that the bank lacks, for wrong", () => {
    const near = found([[2, 0.9]]);
    const vote = { k: 1, temperature: 0.07 };
    assert.equal(accuracy(near, LABELS, [1], vote, 3), 0);
    assert.equal(accuracy(near, LABELS, [7], vote, 3), 0);
  });

  it("does not overflow at the smallest temperatures", () => {
    const near = found([
      [2, 0.9],
      [0, 0.8],
      [1, 0.8],
    ]);
    const vote = { k: 3, temperature: 1e-4 };
    assert.deepEqual([accuracy(near, LABELS, [0], vote), accuracy(near, LABELS, [2], vote)], [1, 0]);
  });
});
