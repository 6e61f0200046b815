import assert from "node:assert/strict";
import { symmetricEigenvalues } from "../../src/evaluate/eigenvalues.js";
import { RandomStream } from "../../src/random/philox.js";

/** Q Λ Qᵀ for a Q of random reflections. */
function withEigenvalues(values: readonly number[]): Float64Array {
  const n = values.length;
  const stream = new RandomStream(0, "eigenvalues");
  let matrix = Array.from({ length: n }, (_, i) => values.map((value, j) => (i === j ? value : 0)));
  for (let reflection = 0; reflection < 3; reflection++) {
    const v = values.map(() => stream.normal());
    const norm = v.reduce((sum, value) => sum + value * value, 0);
    const h = v.map((a, i) => v.map((b, j) => (i === j ? 1 : 0) - (2 * a * b) / norm));
    const times = (a: number[][], b: number[][]) =>
      a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
    matrix = times(times(h, matrix), h);
  }
  return Float64Array.from(matrix.flat());
}

describe("symmetricEigenvalues", () => {
  const check = (values: readonly number[], found: Float64Array) => {
    const size = Math.max(1, ...values.map(Math.abs));
    const expected = [...values].sort((a, b) => a - b);
    assert.equal(found.length, expected.length);
    found.forEach((value, at) =>
      assert.ok(Math.abs(value - expected[at]!) < 1e-12 * size, `${value}, expected ${expected[at]}`),
    );
  };

  it("finds those of a matrix worked by hand", () => {
    check([1, 3], symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2));
    check([-1, 1, 2], symmetricEigenvalues(Float64Array.of(0, 0, 1, 0, 2, 0, 1, 0, 0), 3));
    check([5], symmetricEigenvalues(Float64Array.of(5), 1));
  });

  it("finds those that a matrix was made of, equal, zero and negative ones too", () => {
    const values = [7, 7, 7, 0, 0, -2, 1e-3, 250, 3, 1];
    check(values, symmetricEigenvalues(withEigenvalues(values), values.length));
    const many = Array.from({ length: 64 }, (_, at) => Math.sin(at) * 10);
    check(many, symmetricEigenvalues(withEigenvalues(many), 64));
  });

  it("finds those of a diagonal matrix and of nothing but zeros", () => {
    check([3, 1, 2], symmetricEigenvalues(Float64Array.of(3, 0, 0, 0, 1, 0, 0, 0, 2), 3));
    check([0, 0, 0], symmetricEigenvalues(new Float64Array(9), 3));
  });
});
