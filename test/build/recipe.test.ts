import assert from "node:assert/strict";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { OPTIMIZER_DEFAULTS } from "../../src/build/optimizer.js";
import { checkRecipe, DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";

const { nce, infonce } = OBJECTIVE_DEFAULTS;
const SMALL = { ...DEFAULT_RECIPE, width: 4, imageSize: 16, batchSize: 4, embeddingDim: 8 };

function refuses(changes: Partial<Recipe>, message: string): void {
  assert.throws(() => checkRecipe({ ...DEFAULT_RECIPE, ...changes }), {
    name: "UsageError",
    message: `recipe: ${message}; correct these options`,
  });
}

function built(changes: Partial<Recipe>) {
  const preprocessing = { imageSize: 16, resize: 16, mean: [0, 0, 0], std: [1, 1, 1] } satisfies object;
  return buildArtifact({
    recipe: { ...SMALL, ...changes },
    seed: 0,
    preprocessing: preprocessing as never,
  });
}

const names = ({ manifest }: ReturnType<typeof built>, role: string) =>
  manifest.tensors.filter((tensor) => tensor.role === role).map(({ name }) => name);

describe("a recipe", () => {
  it("is refused with every objective setting out of range", () => {
    refuses(
      {
        objective: {
          ...nce,
          temperature: 0,
          proximal: -1,
          negatives: 0.5,
          epsilon: -1e-7,
          normalizer: { mode: "ema", momentum: 1 },
        },
      },
      "temperature is 0, expected a number above 0; proximal is -1, expected a number of at least 0; " +
        "negatives is 0.5, expected a whole number of at least 1; nce epsilon is -1e-7, expected a number of at least 0; " +
        "normalizer momentum is 1, expected a number in [0, 1)",
    );
    refuses(
      { objective: { ...nce, normalizer: { mode: "batches", batches: 0 } } },
      "normalizer batches is 0, expected a whole number of at least 1",
    );
    refuses(
      { objective: { name: "parametric", instances: 1 } },
      "instances is 1, expected a whole number of at least 2",
    );
  });

  it("is refused with every optimizer setting out of range", () => {
    refuses(
      { optimizer: { ...OPTIMIZER_DEFAULTS.sgd, momentum: 1, weightDecay: -1 } },
      "momentum is 1, expected a number in [0, 1); weight decay is -1, expected a number of at least 0",
    );
    refuses(
      { optimizer: { ...OPTIMIZER_DEFAULTS.sgd, momentum: 0, nesterov: true } },
      "nesterov is true with momentum 0, expected a momentum above 0",
    );
    refuses(
      { optimizer: { ...OPTIMIZER_DEFAULTS.adamw, beta1: 1, beta2: -1, epsilon: 0 } },
      "beta1 is 1, expected a number in [0, 1); beta2 is -1, expected a number in [0, 1); " +
        "adam epsilon is 0, expected a number above 0",
    );
    refuses(
      { optimizer: { ...OPTIMIZER_DEFAULTS.lars, trustCoefficient: 0 } },
      "trust coefficient is 0, expected a number above 0",
    );
  });

  it("with nce asks for noise rows and ln Z, and estimates ln Z before the first step", () => {
    const artifact = built({ objective: { ...nce, negatives: 5 } });
    assert.deepEqual(names(artifact, "input"), [
      "pixel_values",
      "rows",
      "noise_rows",
      "log_noise_ratio",
      "log_normalizer",
      "learning_rate",
    ]);
    assert.deepEqual(names(artifact, "output"), ["log_normalizer_estimate", "loss"]);
    assert.ok(artifact.files.has(FILES.normalizer));
    const { shape } = artifact.manifest.tensors.find(({ name }) => name === "noise_rows")!;
    assert.deepEqual(shape, [4, 5]);
  });

  it("with an exact Z, or infonce, asks for no ln Z", () => {
    for (const objective of [{ ...nce, normalizer: { mode: "exact" } } as const, infonce]) {
      const artifact = built({ objective });
      assert.ok(!names(artifact, "input").includes("log_normalizer"));
      assert.ok(!artifact.files.has(FILES.normalizer));
    }
  });

  it("with parametric has class weights among its parameters, and no bank", () => {
    const artifact = built({ objective: { name: "parametric", instances: 9 } });
    assert.ok(names(artifact, "parameter").includes("instances.weight"));
    assert.deepEqual(names(artifact, "bank"), []);
    assert.ok(names(artifact, "output").includes("bank_rows"));
  });

  it("with adamw keeps two averages for each parameter, and its corrections", () => {
    const artifact = built({ optimizer: OPTIMIZER_DEFAULTS.adamw });
    const parameters = names(artifact, "parameter");
    assert.deepEqual(
      names(artifact, "momentum").sort(),
      [
        ...parameters.flatMap((name) => [`${name}.exp_avg`, `${name}.exp_avg_sq`]),
        "optimizer.bias_correction1",
        "optimizer.bias_correction2",
      ].sort(),
    );
    for (const { name, role, next } of artifact.manifest.tensors)
      if (role === "momentum" || role === "parameter") assert.equal(next, `${name}.next`);
  });
});
