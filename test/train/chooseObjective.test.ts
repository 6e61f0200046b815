import assert from "node:assert/strict";
import { chooseObjective, SOFTMAX_LIMIT } from "../../src/train/chooseObjective.js";
import { chooseNoiseForm } from "../../src/train/noiseForm.js";
import { suiteCache } from "../support/cacheFolder.js";

const SIZES = { batchSize: 64, embeddingDim: 128 };

describe("the choice of an objective", () => {
  it("is the softmax up to its limit, and nce beyond", () => {
    assert.equal(chooseObjective(SOFTMAX_LIMIT, SIZES, 4096).name, "softmax");
    assert.equal(chooseObjective(SOFTMAX_LIMIT + 1, SIZES, 4096).name, "nce");
  });

  it("gives its reason in numbers", () => {
    assert.equal(
      chooseObjective(1_281_167, SIZES, 4096).reason,
      "objective nce: 1,281,167 pictures, more than 100,000; " +
        "a step takes 20,991 million multiplications with softmax, 67 million with nce and 4096 noise rows",
    );
  });
});

describe("the choice of the form of noise", () => {
  suiteCache();
  const options = { tune: "fast", threads: 1, say: assert.fail } as const;
  const small = { ...SIZES, batchSize: 8, negatives: 16, instances: 50 };

  it("is measured where the bank is small, once on a machine", async () => {
    const { form, ms } = await chooseNoiseForm(small, options);
    assert.ok(ms !== null && ms.gather > 0 && ms.gemm > 0);
    if (Math.abs(ms.gemm / ms.gather - 1) > 0.03) assert.equal(form, ms.gemm < ms.gather ? "gemm" : "gather");
    assert.deepEqual(await chooseNoiseForm(small, options), { form, ms });
  });

  it("is not measured where nothing is to be: a product over banks up to 24 times the noise", async () => {
    const off = { ...options, tune: "off" } as const;
    assert.deepEqual(await chooseNoiseForm(small, off), { form: "gemm", ms: null });
    assert.deepEqual(await chooseNoiseForm({ ...small, instances: 385 }, off), { form: "gather", ms: null });
  });

  it("is to read rows, unmeasured, where the bank is much larger than the noise", async () => {
    const sizes = { ...SIZES, negatives: 16, instances: 1601 };
    assert.deepEqual(await chooseNoiseForm(sizes, options), { form: "gather", ms: null });
  });
});
