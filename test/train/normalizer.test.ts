import assert from "node:assert/strict";
import { initialBatches, logBlend, logMeanExp, Normalizer } from "../../src/train/normalizer.js";

const close = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-12 * Math.abs(expected), `${found}, expected ${expected}`);

describe("ln Z from step to step", () => {
  it("averages Z, not its logarithm, and never leaves the logarithms", () => {
    close(logMeanExp([Math.log(2), Math.log(4)]), Math.log(3));
    close(logMeanExp([2000, 2000]), 2000);
    close(logBlend(Math.log(10), Math.log(20), 0.9), Math.log(11));
    close(logBlend(-2000, 2000, 0.5), 2000 - Math.log(2));
  });

  it("stays with what the first batches gave", () => {
    for (const mode of [{ mode: "first" }, { mode: "batches", batches: 3 }] as const) {
      const normalizer = new Normalizer(mode, 5);
      normalizer.observe(100);
      assert.equal(normalizer.log, 5);
    }
  });

  it("follows the estimates by a moving average of Z", () => {
    const normalizer = new Normalizer({ mode: "ema", momentum: 0.99 }, Math.log(100));
    let z = 100;
    for (const estimate of [50, 70, 90]) {
      normalizer.observe(Math.log(estimate));
      z = 0.99 * z + 0.01 * estimate;
      close(normalizer.log, Math.log(z));
    }
  });

  it("goes on from a saved value as if it had never stopped", () => {
    const mode = { mode: "ema", momentum: 0.9 } as const;
    const [whole, first] = [new Normalizer(mode, 3), new Normalizer(mode, 3)];
    for (const estimate of [4, 5]) whole.observe(estimate);
    first.observe(4);
    const second = new Normalizer(mode, Number(String(first.log)));
    second.observe(5);
    assert.equal(second.log, whole.log);
  });

  it("is made from as many batches as its mode says", () => {
    assert.equal(initialBatches({ mode: "first" }), 1);
    assert.equal(initialBatches({ mode: "batches", batches: 4 }), 4);
    assert.equal(initialBatches({ mode: "ema", momentum: 0.99 }), 1);
    assert.equal(initialBatches({ mode: "exact" }), 0);
  });
});
