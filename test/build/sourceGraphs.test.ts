import assert from "node:assert/strict";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { DEFAULT_RECIPE } from "../../src/build/recipe.js";
import { readSources } from "../../src/build/sourceGraphs.js";

const RECIPE = { ...DEFAULT_RECIPE, arch: "resnet10", width: 2, imageSize: 8, batchSize: 4, embeddingDim: 4 };
const { files, sources } = buildArtifact({
  recipe: RECIPE,
  preprocessing: { imageSize: 8, resize: 8, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
  seed: 0,
});

describe("the graphs that an artifact was lowered from", () => {
  it("are found again from its recipe", () => {
    assert.deepEqual(readSources(RECIPE, files), sources);
    assert.deepEqual([...sources!.keys()], [FILES.trainStep, FILES.bankInit, FILES.encoder]);
  });

  it("are not known where the recipe would give other files: another version made them", () => {
    assert.equal(readSources({ ...RECIPE, bankMomentum: 0.25 }, files), null);
    assert.equal(readSources({ ...RECIPE, accumulation: 2 }, files), null);
  });
});
