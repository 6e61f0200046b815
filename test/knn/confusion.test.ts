import assert from "node:assert/strict";
import { classAccuracies, countAnswers, mostFrequentMistakes } from "../../src/knn/confusion.js";

describe("a confusion matrix", () => {
  // Three of class 0 (one taken for 2), two of class 1 (both taken for 2), none of class 2.
  const confusion = countAnswers([0, 0, 2, 2, 2], [0, 0, 0, 1, 1], 3);

  it("has a row for each true class and a column for each answer", () => {
    assert.deepEqual([...confusion.counts], [2, 0, 1, 0, 0, 2, 0, 0, 0]);
  });

  it("tells how many of each class are known, also where there is none", () => {
    assert.deepEqual(classAccuracies(confusion), [
      { truth: 0, pictures: 3, right: 2 },
      { truth: 1, pictures: 2, right: 0 },
      { truth: 2, pictures: 0, right: 0 },
    ]);
  });

  it("tells the most frequent mistakes first", () => {
    assert.deepEqual(mostFrequentMistakes(confusion, 5), [
      { truth: 1, answer: 2, count: 2 },
      { truth: 0, answer: 2, count: 1 },
    ]);
    assert.equal(mostFrequentMistakes(confusion, 1).length, 1);
  });
});
