/** @file What the presets make of a run; the authors' values are those of lemniscate.pytorch f7cfe29. */

import assert from "node:assert/strict";
import { checkRecipe } from "../../src/build/recipe.js";
import { chooseSettings } from "../../src/config/choose.js";
import { augmentOf, scheduleOf } from "../../src/config/learning.js";
import { PRESETS } from "../../src/config/presets.js";
import { recipeOf, type RecipeSettings } from "../../src/config/recipe.js";
import { readSettings } from "../../src/config/read.js";
import { PRESET_NAMES, SETTINGS, type PresetName } from "../../src/config/settings.js";

const PICTURES = 50_000;
const recipe = (preset: PresetName) => {
  const settings = chooseSettings({ preset });
  return checkRecipe(
    recipeOf({ ...settings, objective: PRESETS[preset].settings.objective } as RecipeSettings, PICTURES),
  );
};

const AUTHORS_VIEW = {
  cropScale: [0.2, 1],
  cropRatio: [3 / 4, 4 / 3],
  brightness: 0.4,
  contrast: 0.4,
  saturation: 0.4,
  hue: 0.4,
  jitterProbability: 1,
  gray: 0.2,
  blur: 0,
};

describe("presets", () => {
  for (const name of PRESET_NAMES) {
    it(`have values within their ranges: ${name}`, () => {
      const { faults } = readSettings(PRESETS[name].settings, SETTINGS, (setting) => setting);
      assert.deepEqual(faults, []);
      const settings = chooseSettings({ preset: name });
      if (settings.objective !== "auto") assert.ok(recipe(name));
    });
  }

  it("train CIFAR-10 as the authors' cifar.py does", () => {
    assert.deepEqual(recipe("cifar10"), {
      arch: "resnet18",
      stem: "cifar",
      width: 64,
      imageSize: 32,
      batchSize: 128,
      embeddingDim: 128,
      bankMomentum: 0.5,
      objective: { name: "softmax", temperature: 0.1, proximal: 0 },
      optimizer: { name: "sgd", momentum: 0.9, nesterov: false, weightDecay: 5e-4, decayNormAndBias: true },
      accumulation: 1,
    });
    const settings = chooseSettings({ preset: "cifar10" });
    assert.deepEqual(augmentOf(settings), { ...AUTHORS_VIEW, flip: 0, grayFirst: false });
    assert.deepEqual(
      [settings.epochs, settings["bank-init"], settings["knn-temperature"], settings.mean, settings.std],
      [200, "uniform", 0.1, [0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]],
    );
    assert.deepEqual(scheduleOf(settings, 1), {
      base: 0.03,
      warmupSteps: 0,
      decay: "step",
      milestones: [120, 160],
      gamma: 0.1,
    });
  });

  it("train ImageNet as the authors' main.py does", () => {
    const { objective, optimizer, ...network } = recipe("imagenet");
    assert.deepEqual(objective, {
      name: "nce",
      temperature: 0.07,
      proximal: 0,
      negatives: 4096,
      noiseForm: "gather",
      noise: { positive: true, duplicates: true },
      epsilon: 1e-7,
      normalizer: { mode: "first" },
    });
    assert.equal(optimizer.weightDecay, 1e-4);
    assert.deepEqual(
      [network.arch, network.stem, network.imageSize, network.batchSize],
      ["resnet18", "imagenet", 224, 256],
    );
    const settings = chooseSettings({ preset: "imagenet" });
    assert.deepEqual(augmentOf(settings), { ...AUTHORS_VIEW, flip: 0.5, grayFirst: true });
    assert.deepEqual([settings.resize, settings["knn-temperature"]], [256, 0.07]);
  });

  it("follow the update of 2020 in network, objective and number of noise rows, and main.py in the rest", () => {
    const { arch, objective } = recipe("imagenet-2020");
    assert.deepEqual(
      [arch, objective.name, "negatives" in objective && objective.negatives],
      ["resnet50", "infonce", 65_536],
    );
    const { normalizer: _normalizer, "nce-epsilon": _epsilon, ...imagenet } = PRESETS.imagenet.settings;
    assert.deepEqual(
      { ...PRESETS["imagenet-2020"].settings, arch: "resnet18", objective: "nce", negatives: 4096 },
      imagenet,
    );
  });
});
