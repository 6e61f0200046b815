import assert from "node:assert/strict";
import type { Initial, Parameter } from "../../src/ir/graph.js";
import { initializeBank, initializeParameter } from "../../src/build/initialize.js";

const parameter = (name: string, shape: readonly number[], initial: Initial): Parameter => ({
  value: { name, dtype: "float32", shape },
  trainable: true,
  initial,
});
const mean = (numbers: Float32Array) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const variance = (numbers: Float32Array) => mean(numbers.map((number) => number ** 2)) - mean(numbers) ** 2;

// That the numbers are those of numpy is tested by the golden files' digests, in test/graphs/parity.test.ts.
describe("initializeParameter", () => {
  it("fills with a constant", () => {
    assert.deepEqual(
      [...initializeParameter(parameter("bn.weight", [3], { kind: "constant", value: 1 }), 0)],
      [1, 1, 1],
    );
  });

  it("draws uniformly between the bounds", () => {
    const numbers = initializeParameter(parameter("w", [100, 100], { kind: "uniform", bound: 0.25 }), 0);
    const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
    assert.ok(least >= -0.25 && least < -0.249 && most < 0.25 && most > 0.249, `${least} to ${most}`);
    assert.ok(Math.abs(mean(numbers)) < 0.005, `mean ${mean(numbers)}`);
    assert.ok(Math.abs(variance(numbers) - 0.25 ** 2 / 3) < 0.0006, `variance ${variance(numbers)}`);
  });

  it("draws normally with the standard deviation", () => {
    const numbers = initializeParameter(parameter("w", [100, 100], { kind: "normal", std: 0.1 }), 0);
    assert.ok(Math.abs(mean(numbers)) < 0.004, `mean ${mean(numbers)}`);
    assert.ok(Math.abs(variance(numbers) - 0.01) < 0.0005, `variance ${variance(numbers)}`);
  });

  it("depends on the seed and the name, and on nothing else", () => {
    const draw = (name: string, seed: number) =>
      initializeParameter(parameter(name, [4], { kind: "uniform", bound: 1 }), seed);
    assert.deepEqual(draw("a", 1), draw("a", 1));
    assert.notDeepEqual(draw("a", 1), draw("b", 1));
    assert.notDeepEqual(draw("a", 1), draw("a", 2));
  });
});

describe("initializeBank", () => {
  it("draws rows that have unit length on average", () => {
    const [rows, dim] = [500, 32];
    const bank = initializeBank(rows, dim, 3);
    const bound = Math.sqrt(3 / dim);
    assert.equal(bank.length, rows * dim);
    assert.ok(bank.every((number) => Math.abs(number) <= bound));
    const square = bank.reduce((sum, number) => sum + number ** 2, 0) / rows;
    assert.ok(Math.abs(square - 1) < 0.02, `mean square length ${square}`);
  });
});
