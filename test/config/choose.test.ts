/** @file Options over a config file over a preset over the defaults. */

import assert from "node:assert/strict";
import { chooseSettings } from "../../src/config/choose.js";
import { layered } from "../../src/config/layers.js";
import { augmentOf, scheduleOf } from "../../src/config/learning.js";
import { PRESETS } from "../../src/config/presets.js";
import type { Settings } from "../../src/config/settings.js";

/** As prepareRun puts the layers together. */
const choose = (file: Settings, options: Settings) => chooseSettings(layered(file, options));

describe("settings of a run", () => {
  it("are options over a config file over the preset", () => {
    const settings = choose({ lr: 0.1, epochs: 7, preset: "cifar10" }, { lr: 0.2 });
    assert.deepEqual(
      [settings.lr, settings.epochs, settings["weight-decay"], settings.keep],
      [0.2, 7, PRESETS.cifar10.settings["weight-decay"], 2],
    );
  });

  it("are those of the sample without data, and of small pictures with data", () => {
    assert.equal(chooseSettings({}).arch, "resnet10");
    assert.equal(chooseSettings({ data: "photos" }).arch, "resnet18");
    assert.equal(choose({ preset: "cifar10" }, { preset: "imagenet" })["image-size"], 224);
  });

  it("take one jitter for all four, but for those that are given on their own", () => {
    const settings = choose({ hue: 0.3 }, { jitter: 0.1, contrast: 0.9 });
    const { brightness, contrast, saturation, hue } = augmentOf(settings);
    assert.deepEqual(
      [brightness, contrast, saturation, hue],
      [0.1, 0.9, 0.1, 0.1],
      "options win over the file",
    );
    assert.equal(settings.jitter, undefined);
  });

  it("drop what belonged to something that a higher layer replaced", () => {
    const preset = "imagenet";
    const softmax = chooseSettings({ preset, objective: "softmax" });
    assert.deepEqual(
      [softmax.negatives, softmax["nce-epsilon"], softmax.normalizer, softmax.temperature],
      [undefined, undefined, undefined, 0.07],
    );
    assert.equal(chooseSettings({ preset, optimizer: "adamw" })["weight-decay"], undefined);
    assert.equal(chooseSettings({ preset, schedule: "cosine" }).milestones, undefined);
    assert.equal(chooseSettings({ preset, steps: 5 }).epochs, undefined);
    assert.equal(chooseSettings({ preset, "image-size": 64 }).resize, undefined);
    assert.equal(chooseSettings({ preset, arch: "vgg16" }).stem, undefined);
    assert.equal(chooseSettings({ preset, graph: "built" }).width, undefined);
    const ema = { objective: "nce", normalizer: "ema", "normalizer-momentum": 0.5 } as const;
    assert.equal(choose(ema, { normalizer: "first" })["normalizer-momentum"], undefined);
    assert.equal(choose(ema, { normalizer: "ema" })["normalizer-momentum"], 0.5);
  });

  it("are refused where they contradict each other, all at once", () => {
    assert.throws(
      () =>
        chooseSettings({ epochs: 2, steps: 5, gamma: 0.5, milestones: [1], "image-size": 32, resize: 16 }),
      {
        name: "UsageError",
        message:
          "train: --epochs and --steps are both given, expected one; " +
          "--milestones, --gamma given with --schedule cosine, expected --schedule step; " +
          "--resize is 16, expected at least the image size 32; correct these options",
      },
    );
    assert.throws(() => chooseSettings({ schedule: "step" }), /--schedule step has no --milestones/);
    assert.throws(
      () => chooseSettings({ graph: "built", width: 8, mean: [0, 0, 0] }),
      /^UsageError: --graph built: given together with --width, --mean, expected one or the other/,
    );
  });

  it("count milestones in epochs and the schedule in steps", () => {
    const settings = chooseSettings({ preset: "cifar10" });
    assert.deepEqual(scheduleOf(settings, 390), {
      base: 0.03,
      warmupSteps: 0,
      decay: "step",
      milestones: [46_800, 62_400],
      gamma: 0.1,
    });
  });
});
