import assert from "node:assert/strict";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { objectiveOf } from "../../src/cli/objectiveOptions.js";

const { softmax, nce, infonce } = OBJECTIVE_DEFAULTS;

describe("objective options", () => {
  it("leave the preset as it is when none is given", () => {
    for (const preset of [softmax, nce, infonce]) assert.deepEqual(objectiveOf({}, preset, null), preset);
  });

  it("keep temperature and proximal weight of a preset with another objective", () => {
    const preset = { ...softmax, temperature: 0.07, proximal: 3 };
    assert.deepEqual(objectiveOf({ objective: "nce" }, preset, null), {
      ...nce,
      temperature: 0.07,
      proximal: 3,
    });
  });

  it("change each setting on its own", () => {
    const given = {
      objective: "nce",
      temperature: 0.2,
      proximal: 30,
      negatives: 7,
      noisePositive: true,
      noiseDuplicates: false,
      noiseForm: "gemm",
      normalizer: "batches",
      normalizerBatches: 5,
      nceEpsilon: 1e-7,
    };
    assert.deepEqual(objectiveOf(given, softmax, null), {
      name: "nce",
      temperature: 0.2,
      proximal: 30,
      negatives: 7,
      noiseForm: "gemm",
      noise: { positive: true, duplicates: false },
      epsilon: 1e-7,
      normalizer: { mode: "batches", batches: 5 },
    });
    assert.deepEqual(objectiveOf({ normalizer: "ema" }, nce, null), {
      ...nce,
      normalizer: { mode: "ema", momentum: 0.99 },
    });
  });

  it("make as many rows for the parametric softmax as there are pictures", () => {
    assert.deepEqual(objectiveOf({ objective: "parametric" }, softmax, 9), {
      name: "parametric",
      instances: 9,
    });
    assert.throws(() => objectiveOf({ objective: "parametric" }, softmax, null), {
      name: "UsageError",
      message:
        "--objective parametric: --instances is missing, expected the number of pictures to be trained on; pass it",
    });
  });

  it("are refused where they mean nothing, all at once", () => {
    assert.throws(() => objectiveOf({ negatives: 5, nceEpsilon: 1 }, softmax, null), {
      name: "UsageError",
      message:
        "the objective is softmax: --negatives means something to nce, infonce only; " +
        "--nce-epsilon means something to nce only; choose another --objective or leave them out",
    });
    assert.throws(() => objectiveOf({ normalizerBatches: 5, normalizerMomentum: 0.9 }, nce, null), {
      name: "UsageError",
      message:
        "--normalizer is first: --normalizer-batches needs --normalizer batches; " +
        "--normalizer-momentum needs --normalizer ema; change either",
    });
  });
});
