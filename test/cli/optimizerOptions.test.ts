import assert from "node:assert/strict";
import { OPTIMIZER_DEFAULTS } from "../../src/build/optimizer.js";
import { optimizerOf } from "../../src/cli/optimizerOptions.js";

const { sgd, adamw, lars } = OPTIMIZER_DEFAULTS;

describe("optimizer options", () => {
  it("leave the preset as it is when none is given", () => {
    const preset = { ...sgd, momentum: 0.5 };
    assert.deepEqual(optimizerOf({}, preset), preset);
    assert.deepEqual(optimizerOf({ optimizer: "sgd" }, preset), preset);
  });

  it("choose another optimizer with its own defaults", () => {
    assert.deepEqual(optimizerOf({ optimizer: "adamw" }, sgd), adamw);
    assert.deepEqual(optimizerOf({ optimizer: "lars", trustCoefficient: 0.1 }, sgd), {
      ...lars,
      trustCoefficient: 0.1,
    });
  });

  it("change each setting on its own", () => {
    const given = { nesterov: true, momentum: 0.8, weightDecay: 0, decayNormAndBias: false };
    assert.deepEqual(optimizerOf(given, sgd), { ...sgd, ...given });
    assert.deepEqual(optimizerOf({ optimizer: "adamw", beta1: 0.8, beta2: 0.9, adamEpsilon: 1e-6 }, sgd), {
      ...adamw,
      beta1: 0.8,
      beta2: 0.9,
      epsilon: 1e-6,
    });
  });

  it("are refused where they mean nothing, all at once", () => {
    assert.throws(() => optimizerOf({ optimizer: "adamw", nesterov: true, momentum: 0.5 }, sgd), {
      name: "UsageError",
      message: "the optimizer is adamw: --momentum, --nesterov mean nothing to it; leave them out",
    });
  });
});
