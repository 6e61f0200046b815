import assert from "node:assert/strict";
import { resolve } from "node:path";
import { buildArtifact } from "../../src/build/buildArtifact.js";
import { chooseSettings } from "../../src/config/choose.js";
import { parseConfig } from "../../src/config/file.js";
import { planOf, resolvedSettings } from "../../src/config/plan.js";
import { printSettings } from "../../src/config/printSettings.js";
import { preprocessingOf, recipeOf } from "../../src/config/recipe.js";
import { agreedSettings } from "../../src/config/agree.js";
import type { Settings } from "../../src/config/settings.js";
import { locateData } from "../../src/data/locate.js";

const TINY = { width: 2, "image-size": 8, "batch-size": 64, "embedding-dim": 8 } as const;
const MEASURED = { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] } as const;

/** 8,000 pictures: 125 batches of 64. */
async function planned(asked: Settings) {
  const settings = chooseSettings({ ...TINY, objective: "softmax", ...asked });
  const recipe = recipeOf({ ...settings, objective: "softmax", "noise-form": undefined }, 8000);
  const preprocessing = preprocessingOf(settings, recipe.imageSize, MEASURED);
  const data = await locateData(null, { seed: 0 });
  const plan = planOf(settings, data, buildArtifact({ recipe, preprocessing, seed: 0 }), null);
  return { plan, resolved: resolvedSettings(settings, plan) };
}

describe("the plan of a run", () => {
  it("has the fields that the settings say", async () => {
    const { plan } = await planned({
      steps: 300,
      "eval-every": 3,
      "checkpoint-every": 7,
      keep: 5,
      "strict-data": true,
      "data-workers": 3,
      threads: 1,
      seed: 9,
      "knn-temperature": 0.2,
      "bank-init": "unit",
      blur: 0.5,
      "jitter-probability": 0.8,
    });
    const { steps, epochs, evaluateEvery, checkpointEvery, keep, strictData, dataWorkers, threads, seed } =
      plan;
    assert.deepEqual(
      [steps, epochs, evaluateEvery, checkpointEvery, keep, strictData, dataWorkers, threads, seed],
      [300, 3, 3, 7, 5, true, 3, 1, 9],
    );
    assert.deepEqual([plan.manifest.data?.pictures, plan.manifest.data?.format], [8000, "idx"]);
    assert.deepEqual([plan.knnTemperature, plan.bankInit, plan.resume], [0.2, "unit", null]);
    assert.deepEqual(plan.augment, { ...plan.augment, blur: 0.5, jitterProbability: 0.8 });
  });

  it("has what CUDA alone can be told, and nothing of it elsewhere", async () => {
    const asked = { ep: "cuda", "device-id": 1, "memory-limit": 1.5, precision: "bf16" } as const;
    const { plan, resolved } = await planned(asked);
    assert.deepEqual(plan.cuda, {
      ...{ deviceId: 1, tf32: true, precision: "bf16", captureGraph: false, memoryLimitGiB: 1.5 },
    });
    assert.deepEqual({ ...resolved, ...asked, tf32: "on", "cuda-graph": "off" }, resolved);
    const { plan: other, resolved: others } = await planned({ ep: "webgpu" });
    assert.deepEqual([other.ep, other.cuda, others.tf32], ["webgpu", null, undefined]);
  });

  it("counts milestones in steps of the optimizer", async () => {
    const { plan } = await planned({ schedule: "step", milestones: [2, 3], accumulation: 4 });
    assert.deepEqual(plan.schedule.decay === "step" && plan.schedule.milestones, [62, 93]);
  });
});

describe("resolved settings", () => {
  it("say what was measured or left to us, and give the same plan as a config file", async () => {
    const { plan, resolved } = await planned({ data: "src", lr: 0.5, "crop-scale": [0.3, 1] });
    assert.deepEqual(
      [resolved.mean, resolved.std, resolved.resize, resolved.threads, resolved.seed, resolved.preset],
      [MEASURED.mean, MEASURED.std, 8, plan.threads, 0, "small"],
    );
    assert.equal(resolved.data, resolve("src"), "found from any folder");
    const again = parseConfig(printSettings(resolved), "config.resolved.json");
    assert.deepEqual(again, resolved);
    const second = await planned(again);
    assert.deepEqual(second.plan, plan);
    assert.equal(printSettings(second.resolved), printSettings(resolved));
  });

  it("leave out what was asked of one start, and a network that came in a folder", async () => {
    const { resolved } = await planned({ overwrite: true, resume: "auto", steps: 5 });
    assert.deepEqual(
      [resolved.overwrite, resolved.resume, resolved.epochs, resolved.steps],
      [undefined, undefined, undefined, 5],
    );
  });
});

describe("settings of a resumed run", () => {
  const stored: Settings = {
    lr: 0.1,
    objective: "softmax",
    brightness: 0.4,
    contrast: 0.4,
    saturation: 0.4,
    hue: 0.4,
    keep: 2,
    threads: 2,
    data: resolve("src"),
  };
  const agreed = (asked: Settings) => agreedSettings(asked, stored, "run/config.resolved.json");

  it("are the stored ones, with what is free to change", () => {
    assert.deepEqual(agreed({ keep: 9, "data-workers": 4, resume: "auto" }), {
      ...stored,
      keep: 9,
      "data-workers": 4,
      resume: "auto",
    });
  });

  it("may name another execution provider, and then have none of the options of the one before", () => {
    const cuda: Settings = { ...stored, ep: "cuda", tf32: "off", "device-id": 1 };
    const goOn = (asked: Settings) => agreedSettings(asked, cuda, "run/config.resolved.json");
    assert.deepEqual(goOn({ ep: "cpu" }), { ...stored, ep: "cpu" });
    assert.deepEqual(goOn({ ep: "cuda", "device-id": 0 }), { ...cuda, "device-id": 0 });
    assert.deepEqual(goOn({}), cuda);
    assert.deepEqual(agreed({ ep: "cuda", tf32: "on" }), { ...stored, ep: "cuda", tf32: "on" });
  });

  it("may be said again, as they were first said", () => {
    assert.deepEqual(agreed({ lr: 0.1, jitter: 0.4, objective: "auto", data: "src", threads: 2 }), stored);
  });

  it("are refused where they differ, all at once", () => {
    assert.throws(() => agreed({ lr: 0.2, steps: 5, threads: 1, hue: 0.1 }), {
      name: "UsageError",
      message:
        "run/config.resolved.json: --threads is 1, the run has 2; --steps is 5, the run has none; " +
        "--lr is 0.2, the run has 0.1; --hue is 0.1, the run has 0.4; " +
        "leave these out to go on with the run, or begin another in a new --out",
    });
  });
});
