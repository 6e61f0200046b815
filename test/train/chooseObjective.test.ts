import assert from "node:assert/strict";
import { chooseObjective, SOFTMAX_LIMIT } from "../../src/train/chooseObjective.js";
import { chooseNoiseForm } from "../../src/train/noiseForm.js";

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
  it("is measured where the bank is small", async () => {
    const sizes = { ...SIZES, batchSize: 8, negatives: 16, instances: 50 };
    const { form, ms } = await chooseNoiseForm(sizes, 1);
    assert.ok(ms !== null && ms.gather > 0 && ms.gemm > 0);
    assert.equal(form, ms.gemm < ms.gather ? "gemm" : "gather");
  });

  it("is to read rows, unmeasured, where the bank is much larger than the noise", async () => {
    const sizes = { ...SIZES, negatives: 16, instances: 1601 };
    assert.deepEqual(await chooseNoiseForm(sizes, 1), { form: "gather", ms: null });
  });
});
