import assert from "node:assert/strict";
import { OPTIMIZER_DEFAULTS } from "../../src/build/optimizer.js";
import { optimizerOf, optimizerSettings } from "../../src/config/optimizer.js";

const { sgd, adamw, lars } = OPTIMIZER_DEFAULTS;

describe("optimizer settings", () => {
  it("have each optimizer's own defaults when nothing else is asked for", () => {
    assert.deepEqual(optimizerOf({}), sgd);
    assert.deepEqual(optimizerOf({ optimizer: "adamw" }), adamw);
    assert.deepEqual(optimizerOf({ optimizer: "lars", "trust-coefficient": 0.1 }), {
      ...lars,
      trustCoefficient: 0.1,
    });
  });

  it("change each field on its own", () => {
    const given = { nesterov: true, momentum: 0.8, "weight-decay": 0, "decay-norm-and-bias": false };
    assert.deepEqual(optimizerOf(given), {
      ...sgd,
      nesterov: true,
      momentum: 0.8,
      weightDecay: 0,
      decayNormAndBias: false,
    });
    assert.deepEqual(optimizerOf({ optimizer: "adamw", beta1: 0.8, beta2: 0.9, "adam-epsilon": 1e-6 }), {
      ...adamw,
      beta1: 0.8,
      beta2: 0.9,
      epsilon: 1e-6,
    });
  });

  it("are found again in the optimizer that they gave", () => {
    for (const optimizer of [{ ...sgd, nesterov: true }, { ...adamw, epsilon: 1e-6 }, lars])
      assert.deepEqual(optimizerOf(optimizerSettings(optimizer)), optimizer);
  });

  it("are refused where they mean nothing, all at once", () => {
    assert.throws(() => optimizerOf({ optimizer: "adamw", nesterov: true, momentum: 0.5 }), {
      name: "UsageError",
      message: "the optimizer is adamw: --momentum, --nesterov mean nothing to it; leave them out",
    });
  });
});
