import assert from "node:assert/strict";
import { initializeBank, initializeUnitBank } from "../../src/build/initialize.js";

describe("random bank rows", () => {
  it("are uniform and of unit length in expectation, as in the authors' code", () => {
    const bank = initializeBank(2000, 16, 0);
    const bound = Math.sqrt(3 / 16);
    assert.ok(bank.every((value) => Math.abs(value) <= bound));
    const square = bank.reduce((sum, value) => sum + value * value, 0) / 2000;
    assert.ok(Math.abs(square - 1) < 0.01, `mean square length ${square}`);
  });

  it("are unit vectors in all directions alike, as in the paper", () => {
    const bank = initializeUnitBank(2000, 16, 0);
    const sum = new Array<number>(16).fill(0);
    for (let row = 0; row < 2000; row++) {
      const vector = [...bank.subarray(row * 16, (row + 1) * 16)];
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6);
      vector.forEach((value, at) => (sum[at]! += value));
    }
    // Each component of the mean has the deviation 1/√(16·2000) = 0.0056.
    assert.ok(
      sum.every((value) => Math.abs(value / 2000) < 0.02),
      `mean ${sum.map((x) => x / 2000).join(", ")}`,
    );
    assert.deepEqual(initializeUnitBank(3, 16, 0), bank.slice(0, 48));
  });
});
