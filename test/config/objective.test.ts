import assert from "node:assert/strict";
import type { ObjectiveConfig } from "../../graphs/index.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { objectiveOf, objectiveSettings } from "../../src/config/objective.js";

const { softmax, nce, infonce } = OBJECTIVE_DEFAULTS;

describe("objective settings", () => {
  it("have the defaults of each objective when nothing else is asked for", () => {
    for (const objective of [softmax, nce, infonce])
      assert.deepEqual(objectiveOf({ objective: objective.name }, null), objective);
    assert.deepEqual(objectiveOf({}, null), softmax);
  });

  it("change each field on its own", () => {
    const given = {
      objective: "nce",
      temperature: 0.2,
      proximal: 30,
      negatives: 7,
      "noise-positive": true,
      "noise-duplicates": false,
      "noise-form": "gemm",
      normalizer: "batches",
      "normalizer-batches": 5,
      "nce-epsilon": 1e-7,
    } as const;
    assert.deepEqual(objectiveOf(given, null), {
      name: "nce",
      temperature: 0.2,
      proximal: 30,
      negatives: 7,
      noiseForm: "gemm",
      noise: { positive: true, duplicates: false },
      epsilon: 1e-7,
      normalizer: { mode: "batches", batches: 5 },
    });
    assert.deepEqual(objectiveOf({ objective: "nce", normalizer: "ema" }, null), {
      ...nce,
      normalizer: { mode: "ema", momentum: 0.99 },
    });
  });

  it("are found again in the objective that they gave", () => {
    const objectives: readonly ObjectiveConfig[] = [
      { ...softmax, proximal: 2 },
      { ...nce, negatives: 3, epsilon: 1e-7, normalizer: { mode: "batches", batches: 4 } },
      { ...nce, noise: { positive: true, duplicates: false }, normalizer: { mode: "ema", momentum: 0.5 } },
      { ...nce, normalizer: { mode: "exact" } },
      { ...infonce, noiseForm: "gemm", temperature: 0.3 },
      { name: "parametric", instances: 9 },
    ];
    for (const objective of objectives)
      assert.deepEqual(objectiveOf(objectiveSettings(objective), 9), objective);
  });

  it("make as many rows for the parametric softmax as there are pictures", () => {
    assert.deepEqual(objectiveOf({ objective: "parametric" }, 9), {
      name: "parametric",
      instances: 9,
    });
    assert.throws(() => objectiveOf({ objective: "parametric" }, null), {
      name: "UsageError",
      message:
        "--objective parametric: --instances is missing, expected the number of pictures to be trained on; pass it",
    });
  });

  it("are refused where they mean nothing, all at once", () => {
    assert.throws(() => objectiveOf({ negatives: 5, "nce-epsilon": 1 }, null), {
      name: "UsageError",
      message:
        "the objective is softmax: --negatives means something to nce, infonce only; " +
        "--nce-epsilon means something to nce only; choose another --objective or leave them out",
    });
    assert.throws(
      () => objectiveOf({ objective: "nce", "normalizer-batches": 5, "normalizer-momentum": 0.9 }, null),
      {
        name: "UsageError",
        message:
          "--normalizer is first: --normalizer-batches needs --normalizer batches; " +
          "--normalizer-momentum needs --normalizer ema; change either",
      },
    );
  });
});
