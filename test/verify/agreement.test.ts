import assert from "node:assert/strict";
import { agreementWith } from "../../src/verify/agreement.js";
import type { Vectors } from "../../src/search/vectors.js";

const unit = (...angles: number[]): Vectors => ({
  count: angles.length,
  dim: 2,
  data: Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])),
});

const agreementOf = async (vectors: Vectors, reference: Vectors) => (await agreementWith(reference))(vectors);

describe("the agreement of two runtimes", () => {
  it("is full for equal vectors", async () => {
    const vectors = unit(0, 1, 2);
    const { cosine, neighbours } = await agreementOf(vectors, vectors);
    assert.ok(cosine.min > 1 - 1e-7 && cosine.mean > 1 - 1e-7);
    assert.equal(neighbours, 1);
  });

  it("has the cosine of the vector that moved most, and the mean of all", async () => {
    const { cosine } = await agreementOf(unit(0, 1 + Math.PI / 3, 2), unit(0, 1, 2));
    assert.ok(Math.abs(cosine.min - 0.5) < 1e-6, String(cosine.min));
    assert.ok(Math.abs(cosine.mean - 2.5 / 3) < 1e-6, String(cosine.mean));
  });

  it("loses neighbours that are neighbours no more", async () => {
    const angles = Array.from({ length: 22 }, (_, at) => (at < 11 ? 0.01 * at : 2 + 0.01 * at));
    const swapped = angles.map((_, at) => angles[21 - at]!);
    swapped[0] = angles[0]!;
    const { neighbours } = await agreementOf(unit(...swapped), unit(...angles));
    assert.ok(neighbours < 1 && neighbours > 0.5, String(neighbours));
  });

  it("is not a number where a runtime gives none, and such never passes", async () => {
    const broken = unit(0, 1, 2);
    broken.data[2] = NaN;
    const { cosine } = await agreementOf(broken, unit(0, 1, 2));
    assert.ok(Number.isNaN(cosine.min));
    assert.equal(cosine.min >= 0.97, false);
  });
});
