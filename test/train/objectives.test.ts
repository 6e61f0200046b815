import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectiveConfig } from "../../graphs/index.js";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { OPTIMIZER_DEFAULTS } from "../../src/build/optimizer.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { chooseSettings } from "../../src/config/choose.js";
import { augmentOf } from "../../src/config/learning.js";
import { locateData } from "../../src/data/locate.js";
import { RUN } from "../../src/run/layout.js";
import { openProvider } from "../../src/train/openProvider.js";
import type { TrainPlan } from "../../src/train/plan.js";
import { train } from "../../src/train/trainer.js";

const PICTURES = 512;
const ON_CPU = { ep: "cpu", cuda: null, threads: 1 } as const;
const { nce, infonce, softmax } = OBJECTIVE_DEFAULTS;
const few = { negatives: 64, temperature: 0.1 } as const;

const OBJECTIVES: Readonly<Record<string, ObjectiveConfig>> = {
  softmax,
  parametric: { name: "parametric", instances: PICTURES },
  nce: { ...nce, ...few },
  "nce with the authors' ε, Z of three batches, own rows and no duplicates": {
    ...nce,
    ...few,
    epsilon: 1e-7,
    normalizer: { mode: "batches", batches: 3 },
    noise: { positive: true, duplicates: false },
  },
  "nce with a moving Z and the whole bank multiplied": {
    ...nce,
    ...few,
    noiseForm: "gemm",
    normalizer: { mode: "ema", momentum: 0.99 },
  },
  "nce with an exact Z and a proximal term": {
    ...nce,
    ...few,
    proximal: 10,
    normalizer: { mode: "exact" },
  },
  infonce: { ...infonce, ...few },
};

interface Run {
  readonly losses: readonly number[];
  readonly state: Uint8Array;
}

async function run(changes: Partial<Recipe>, epochs: number, plan: Partial<TrainPlan> = {}): Promise<Run> {
  const { train: sample } = await locateData(null, { seed: 0 });
  assert.ok(sample.kind === "idx");
  const source = { ...sample, rowCount: PICTURES };
  const recipe = { ...DEFAULT_RECIPE, width: 4, imageSize: 16, batchSize: 32, embeddingDim: 32, ...changes };
  const preprocessing = { imageSize: 16, resize: 16, mean: grays(0.286), std: grays(0.353) };
  const out = await mkdtemp(join(tmpdir(), "objective-"));
  const losses: number[] = [];
  try {
    await train(
      {
        ...buildArtifact({ recipe, preprocessing, seed: 0 }),
        tune: "off",
        train: source,
        evaluate: null,
        augment: augmentOf(chooseSettings({ preset: "sample" })),
        epochs,
        schedule: { base: 0.03, warmupSteps: 0, decay: "constant" },
        bankInit: "forward",
        steps: null,
        evaluateEvery: 1,
        checkpointEvery: null,
        keep: 2,
        resume: null,
        strictData: false,
        knnTemperature: 0.07,
        seed: 0,
        out,
        ...ON_CPU,
        dataWorkers: 1,
        ...plan,
      },
      await openProvider(ON_CPU),
      { emit: (event) => event.kind === "step" && losses.push(event.loss), stopRequested: () => false },
    );
    return { losses, state: await readFile(join(out, RUN.exported, FILES.state)) };
  } finally {
    await rm(out, { recursive: true });
  }
}

const grays = (value: number): [number, number, number] => [value, value, value];
const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

describe("training", () => {
  for (const [name, objective] of Object.entries(OBJECTIVES)) {
    it(`lowers the loss with ${name}`, async () => {
      // Without a temperature the parametric logits stay small, and so do its gradients.
      const [base, epochs] = objective.name === "parametric" ? [1, 8] : [0.03, 4];
      const schedule = { base, warmupSteps: 10, decay: "constant" } as const;
      const { losses } = await run({ objective }, epochs, { schedule });
      assert.equal(losses.length, 16 * epochs);
      const [first, last] = [mean(losses.slice(0, 10)), mean(losses.slice(-10))];
      assert.ok(last < 0.99 * first, `from ${first} to ${last}`);
    });
  }

  for (const optimizer of [OPTIMIZER_DEFAULTS.adamw, OPTIMIZER_DEFAULTS.lars]) {
    it(`lowers the loss with ${optimizer.name}`, async () => {
      const base = optimizer.name === "lars" ? 5 : 0.003;
      const { losses } = await run({ optimizer }, 4, {
        schedule: { base, warmupSteps: 10, decay: "constant" },
      });
      const [first, last] = [mean(losses.slice(0, 10)), mean(losses.slice(-10))];
      assert.ok(last < 0.99 * first, `from ${first} to ${last}`);
    });
  }

  it("with nce gives the same bits for the same seed, and others for another", async () => {
    const objective = { ...nce, ...few, normalizer: { mode: "ema", momentum: 0.9 } } as const;
    const [one, two] = [await run({ objective }, 1), await run({ objective }, 1)];
    const other = await run({ objective }, 1, { seed: 1 });
    assert.deepEqual(one.losses, two.losses);
    assert.deepEqual(one.state, two.state);
    assert.notDeepEqual(one.losses, other.losses);
  });

  it("saves ln Z beside the weights", async () => {
    const { state } = await run({ objective: { ...nce, ...few } }, 1, { bankInit: "unit" });
    const { metadata, tensors } = readSafetensors(state, FILES.state);
    assert.ok(Number.isFinite(Number(metadata["logNormalizer"])), JSON.stringify(metadata));
    assert.equal(tensors.get("bank")!.shape.join(), `${PICTURES},32`);
  });

  it("with the parametric softmax refuses another number of pictures than the graph has rows", async () => {
    await assert.rejects(run({ objective: { name: "parametric", instances: 100 } }, 1), {
      name: "UsageError",
      message: /has 512 pictures, the graph has 100 instances; build one with --instances 512$/,
    });
  });
});
