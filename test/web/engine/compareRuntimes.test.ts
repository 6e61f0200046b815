import assert from "node:assert/strict";
import { ProviderError } from "../../../src/errors.js";
import { difference } from "../../../src/web/engine/compareRuntimes.js";

/** An encoder that always gives this vector. */
const giving = (...vector: number[]) => ({ embed: () => Promise.resolve(Float32Array.from(vector)) });

describe("a GPU is compared with the CPU", () => {
  it("and taken when it only rounds in another way", async () => {
    assert.equal(await difference(giving(0.6, 0.8), giving(0.601, 0.7993), 8), null);
  });

  it("and told what is wrong when its vector is another", async () => {
    assert.equal(
      await difference(giving(0.6, 0.8), giving(0.8, 0.6), 8),
      "the GPU's vectors differ from the CPU's: cosine 0.9600",
    );
  });

  it("and told what it said when it fails", async () => {
    const failing = { embed: () => Promise.reject(new ProviderError("encoder.onnx: stopped: device lost")) };
    assert.equal(await difference(giving(1), failing, 8), "encoder.onnx: stopped: device lost");
  });
});
