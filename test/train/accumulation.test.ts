/** @file Steps of several batches on the real runtime, driven as the training loop drives them. */

import assert from "node:assert/strict";
import type { ManifestTensor } from "../../src/artifact/manifest.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { initializeBank, initializeUnitBank } from "../../src/build/initialize.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { summarizeArtifact } from "../../src/build/summary.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, type FloatTensor } from "../../src/runtime/session.js";
import { diagnoser } from "../../src/train/diagnose.js";
import { NoiseInputs } from "../../src/train/noiseInputs.js";
import { logBlend, Normalizer } from "../../src/train/normalizer.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep, type StepBatch } from "../../src/train/step.js";
import { hostMemory } from "../../src/train/stepMemory.js";
import { goldenBatches, goldenConfig, readCase, type Golden } from "../graphs/golden.js";

const golden = readCase("accumulation") as {
  readonly accumulation: number;
  readonly case: Golden["case"];
  readonly optimizers: Readonly<Record<"sgd", { readonly losses: readonly number[] }>>;
};
const { accumulation: COUNT, case: setup } = golden;
const RECIPE: Recipe = { ...DEFAULT_RECIPE, ...goldenConfig(golden), accumulation: COUNT };

interface Bench {
  readonly step: TrainStep;
  readonly state: TrainState;
  readonly bank: FloatTensor;
  readonly noise: NoiseInputs | null;
  readonly normalizer: Normalizer;
  close(): Promise<void>;
}

async function bench(changes: Partial<Recipe> = {}, unit = false): Promise<Bench> {
  const recipe = { ...RECIPE, ...changes };
  const [side] = setup.imageSize;
  const { manifest, files } = buildArtifact({
    recipe,
    preprocessing: { imageSize: side, resize: side, mean: [0, 0, 0], std: [1, 1, 1] },
    seed: setup.seed,
  });
  const initial = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
  const state = new TrainState({ ...manifest, files: {} }, initial, FILES.state);
  const fill = unit ? initializeUnitBank : initializeBank;
  const bank = floats([setup.instances, setup.dim], fill(setup.instances, setup.dim, setup.seed));
  const open = (name: string) => openSession(files.get(name)!, name, { ep: "cpu", threads: 1 });
  const sessions = [await open(FILES.trainStep), await open(FILES.accumulateStep)] as const;
  const normalizer = new Normalizer({ mode: "ema", momentum: 0.5 }, 4);
  const { objective } = recipe;
  const noiseSetup = { instances: setup.instances, batchSize: setup.batch, seed: 0, normalizer };
  const noise = "noise" in objective ? new NoiseInputs({ ...noiseSetup, objective }) : null;
  const memory = hostMemory(state, bank, { trainStep: sessions[0], accumulateStep: sessions[1] });
  const step = new TrainStep(memory, [setup.batch, 3, side, side], noise, {
    accumulation: COUNT,
    diagnose: diagnoser(files, 1),
  });
  const close = () => memory.close();
  return { step, state, bank, noise, normalizer, close };
}

const copies = (state: TrainState, ...roles: ManifestTensor["role"][]) =>
  [...state.tensors(...roles).values()].map(({ data }) => Float32Array.from(data));

describe("a step of three batches", () => {
  let batches: readonly StepBatch[];
  before(async () => {
    const batchOf = await goldenBatches(golden);
    batches = await Promise.all(
      Array.from({ length: 2 * COUNT }, async (_, step) => ({ ...(await batchOf(step)), step })),
    );
  });

  it("has the mean loss of its batches, as PyTorch has it, twice in a row", async () => {
    const { step, close } = await bench();
    const { losses } = golden.optimizers.sgd;
    for (const first of [0, COUNT]) {
      for (const batch of batches.slice(first, first + COUNT - 1))
        await step.accumulate(batch, setup.learningRate, "step");
      const loss = await step.run(batches[first + COUNT - 1]!, setup.learningRate, "step");
      const mean = losses.slice(first, first + COUNT).reduce((a, b) => a + b) / COUNT;
      assert.ok(Math.abs(loss / mean - 1) < 1e-4, `${loss}, expected ${mean}`);
    }
    await close();
  });

  it("moves statistics and bank with every batch, parameters and momentum with the last", async () => {
    const { step, state, bank, close } = await bench();
    for (const [at, batch] of batches.slice(0, COUNT).entries()) {
      const weights = copies(state, "parameter", "momentum");
      const [statistics, rows] = [copies(state, "statistic"), Float32Array.from(bank.data)];
      if (at < COUNT - 1) await step.accumulate(batch, 0.1, "step 1");
      else await step.run(batch, 0.1, "step 1");
      assert.notDeepEqual(copies(state, "statistic"), statistics);
      assert.notDeepEqual(bank.data, rows);
      if (at < COUNT - 1) assert.deepEqual(copies(state, "parameter", "momentum"), weights);
      else assert.notDeepEqual(copies(state, "parameter", "momentum"), weights);
    }
    await close();
  });

  it("lets the moving Z of NCE see every batch", async () => {
    const nce = {
      ...OBJECTIVE_DEFAULTS.nce,
      negatives: 5,
      normalizer: { mode: "ema", momentum: 0.5 },
    } as const;
    const { step, noise, normalizer, close } = await bench({ objective: nce }, true);
    let expected = normalizer.log;
    for (const [at, batch] of batches.slice(0, COUNT).entries()) {
      if (at < COUNT - 1) await step.accumulate(batch, 0.1, "step 1");
      else await step.run(batch, 0.1, "step 1");
      expected = logBlend(expected, noise!.estimate, 0.5);
      assert.equal(normalizer.log, expected);
    }
    assert.notEqual(expected, 4);
    await close();
  });

  it("is refused with another number of batches", async () => {
    const { step, close } = await bench();
    await assert.rejects(step.run(batches[0]!, 0.1, "step 1"), {
      name: "RangeError",
      message: "step 1: 0 batches accumulated, a step takes 3",
    });
    await step.accumulate(batches[0]!, 0.1, "step 1");
    await step.accumulate(batches[1]!, 0.1, "step 1");
    await assert.rejects(step.accumulate(batches[2]!, 0.1, "step 1"), { name: "RangeError" });
    await close();
  });

  it("is diagnosed by the graph that broke, and parameters stay as they were", async () => {
    const { step, state, close } = await bench();
    await step.accumulate(batches[0]!, 0.1, "step 1");
    const before = copies(state, "parameter", "momentum", "statistic", "accumulator");
    const pixelValues = Float32Array.from(batches[1]!.pixelValues as Float32Array);
    pixelValues[0] = NaN;
    await assert.rejects(step.accumulate({ ...batches[1]!, pixelValues }, 0.1, "step 1"), {
      name: "TrainingError",
      message: /^step 1: the loss is NaN, .* pixel_values of the pictures of rows 4 \(1 of 768/,
    });
    assert.deepEqual(copies(state, "parameter", "momentum", "statistic", "accumulator"), before);
    await close();
  });
});

describe("the artifact of a step of three batches", () => {
  const built = (accumulation: number) =>
    buildArtifact({
      recipe: { ...RECIPE, accumulation },
      preprocessing: { imageSize: 8, resize: 8, mean: [0, 0, 0], std: [1, 1, 1] },
      seed: 0,
    });

  it("has accumulate_step.onnx and an accumulator for each parameter; that of one batch has neither", () => {
    const { manifest, files } = built(3);
    const named = (role: string) => manifest.tensors.filter((tensor) => tensor.role === role);
    assert.deepEqual(
      named("accumulator").map(({ name, shape, next }) => ({ name, shape, next })),
      named("parameter").map(({ name, shape }) => ({
        name: `${name}.accumulated`,
        shape,
        next: `${name}.accumulated.next`,
      })),
    );
    assert.ok(files.has(FILES.accumulateStep));
    const plain = built(1);
    const cost = ({ manifest: of, files: its }: typeof plain) =>
      summarizeArtifact(of, its, 20).trainStep.flops;
    assert.ok(Math.abs(cost({ manifest, files }) / cost(plain) - 3) < 0.2, "a step of three costs three");
    assert.ok(!plain.files.has(FILES.accumulateStep));
    assert.ok(!plain.manifest.tensors.some(({ role }) => role === "accumulator"));
  });
});
