import assert from "node:assert/strict";
import { chanceLevel, knnLevels } from "../../src/evaluate/levels.js";
import { cpuProvider } from "../../src/evaluate/provider.js";
import { vectors } from "./vectorsOf.js";

const OPTIONS = { temperature: 0.07, provider: cpuProvider(1) };

/** Unit vectors in the plane, by their angles in degrees. */
const at = (...degrees: readonly number[]) =>
  vectors(
    2,
    ...degrees.map((degree) => [Math.cos((degree * Math.PI) / 180), Math.sin((degree * Math.PI) / 180)]),
  );

describe("knnLevels", () => {
  it("lets all rows vote where there are fewer than 200, and then the nearest alone", async () => {
    const bank = { vectors: at(0, 20, 25, 180), labels: Int32Array.of(0, 1, 1, 0) };
    const queries = { vectors: at(8, 180), labels: Int32Array.of(1, 0) };
    const levels = await knnLevels(queries, bank, OPTIONS);
    assert.deepEqual(levels, [
      { k: 4, top1: 1, top5: null },
      { k: 1, top1: 0.5, top5: null },
    ]);
  });

  it("counts the five best classes where there are more, and never for one neighbour", async () => {
    const bank = { vectors: at(0, 10, 20, 30, 40, 50, 60), labels: Int32Array.of(0, 1, 2, 3, 4, 5, 6) };
    // From 0 degrees, class 4 is the fifth best and class 5 the sixth.
    const queries = { vectors: at(0, 0, 0, 0), labels: Int32Array.of(0, 4, 5, 6) };
    assert.deepEqual(await knnLevels(queries, bank, OPTIONS), [
      { k: 7, top1: 0.25, top5: 0.5 },
      { k: 1, top1: 0.25, top5: null },
    ]);
  });

  it("is empty where nothing is asked or known", async () => {
    const none = { vectors: at(), labels: new Int32Array(0) };
    const some = { vectors: at(0), labels: Int32Array.of(0) };
    assert.deepEqual(await knnLevels(none, some, OPTIONS), []);
    assert.deepEqual(await knnLevels(some, none, OPTIONS), []);
  });

  it("measures once where the bank has one row", async () => {
    const one = { vectors: at(0), labels: Int32Array.of(0) };
    assert.deepEqual(await knnLevels(one, one, OPTIONS), [{ k: 1, top1: 1, top5: null }]);
  });
});

describe("chanceLevel", () => {
  it("is the share of the most frequent class, and of the five most frequent where there are more", () => {
    assert.deepEqual(chanceLevel(Int32Array.of(0, 1, 1, 2)), { k: 0, top1: 0.5, top5: null });
    const six = Int32Array.of(0, 1, 2, 3, 4, 5, 5, 5);
    assert.deepEqual(chanceLevel(six), { k: 0, top1: 3 / 8, top5: 7 / 8 });
  });
});
