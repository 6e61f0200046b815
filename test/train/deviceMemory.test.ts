/** @file Steps whose state stays on a device, beside the same steps in the host's memory. */

import assert from "node:assert/strict";
import type { ManifestTensor } from "../../src/artifact/manifest.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES, type BuiltArtifact } from "../../src/build/buildArtifact.js";
import { initializeUnitBank } from "../../src/build/initialize.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import type { Device } from "../../src/runtime/device.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, type FloatTensor } from "../../src/runtime/session.js";
import { deviceMemory } from "../../src/train/deviceMemory.js";
import { diagnoser } from "../../src/train/diagnose.js";
import { NoiseInputs } from "../../src/train/noiseInputs.js";
import { Normalizer } from "../../src/train/normalizer.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep, type StepBatch } from "../../src/train/step.js";
import { hostMemory, type StepMemory } from "../../src/train/stepMemory.js";
import { counting, type Crossed } from "../../tools/gpu/counting.js";
import { hostDevice } from "../support/hostDevice.js";

const [BATCH, SIDE, DIM, INSTANCES, NEGATIVES] = [4, 8, 8, 12, 5];
const SHAPE = [BATCH, 3, SIDE, SIDE];
const RECIPE: Recipe = {
  ...DEFAULT_RECIPE,
  ...{ arch: "resnet10", width: 2, imageSize: SIDE, batchSize: BATCH, embeddingDim: DIM },
};
const NCE: Partial<Recipe> = {
  objective: { ...OBJECTIVE_DEFAULTS.nce, negatives: NEGATIVES, normalizer: { mode: "ema", momentum: 0.5 } },
};
const ROLES: readonly ManifestTensor["role"][] = ["parameter", "momentum", "statistic", "accumulator"];

interface Bench {
  readonly step: TrainStep;
  readonly memory: StepMemory;
  readonly state: TrainState;
  readonly bank: FloatTensor;
  readonly normalizer: Normalizer;
}

const artifacts = new Map<string, BuiltArtifact>();

/** Each recipe once. */
function build(changes: Partial<Recipe>): BuiltArtifact {
  const key = JSON.stringify(changes);
  const artifact =
    artifacts.get(key) ??
    buildArtifact({
      recipe: { ...RECIPE, ...changes },
      preprocessing: { imageSize: SIDE, resize: SIDE, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      seed: 0,
    });
  artifacts.set(key, artifact);
  return artifact;
}

/** @param device null: in the host's memory */
async function bench({ manifest, files }: BuiltArtifact, device: Device | null): Promise<Bench> {
  const initial = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
  const state = new TrainState({ ...manifest, files: {} }, initial, FILES.state);
  const bank = floats([INSTANCES, DIM], initializeUnitBank(INSTANCES, DIM, 0));
  const { objective, accumulation } = manifest.recipe;
  const models = {
    trainStep: files.get(FILES.trainStep)!,
    accumulateStep: files.get(FILES.accumulateStep) ?? null,
  };
  const open = (model: Uint8Array) => openSession(model, "step", { ep: "cpu", threads: 1 });
  const memory =
    device === null
      ? hostMemory(state, bank, {
          trainStep: await open(models.trainStep),
          accumulateStep: models.accumulateStep && (await open(models.accumulateStep)),
        })
      : await deviceMemory({ device, target: cpu, models, state, bank, pictureShape: SHAPE });
  const normalizer = new Normalizer({ mode: "ema", momentum: 0.5 }, 4);
  const setup = { instances: INSTANCES, batchSize: BATCH, seed: 0, normalizer };
  const noise = "noise" in objective ? new NoiseInputs({ ...setup, objective }) : null;
  const step = new TrainStep(memory, SHAPE, noise, { accumulation, diagnose: diagnoser(files, 1) });
  return { step, memory, state, bank, normalizer };
}

function batchAt(step: number): StepBatch {
  const pixelValues = Float32Array.from({ length: BATCH * 3 * SIDE * SIDE }, (_, at) =>
    Math.sin(at * (step + 1)),
  );
  return {
    pixelValues,
    rows: Int32Array.from({ length: BATCH }, (_, at) => (step * 5 + at) % INSTANCES),
    step,
  };
}

/** Losses of so many steps. */
async function take({ step }: Bench, steps: number, count = 1): Promise<number[]> {
  const losses: number[] = [];
  for (let at = 0; at < steps; at++) {
    for (let part = 0; part < count - 1; part++)
      await step.accumulate(batchAt(at * count + part), 0.05, `step ${at + 1}`);
    losses.push(await step.run(batchAt((at + 1) * count - 1), 0.05, `step ${at + 1}`));
  }
  return losses;
}

const all = ({ state, bank }: Bench) =>
  new Map(
    [...state.tensors(...ROLES), ["bank", bank] as const].map(([name, { data }]) => [name, data.slice()]),
  );

const CASES: Readonly<Record<string, Partial<Recipe>>> = {
  softmax: {},
  "the parametric softmax": { objective: { name: "parametric", instances: INSTANCES } },
  "nce with a moving Z": NCE,
  "nce in steps of three batches": { ...NCE, accumulation: 3 },
};

describe("steps on a device", () => {
  for (const [name, changes] of Object.entries(CASES)) {
    it(`give the bits of steps in the host's memory: ${name}`, async () => {
      const built = build(changes);
      const device = hostDevice();
      const [here, there] = [await bench(built, null), await bench(built, device)];
      const count = built.manifest.recipe.accumulation;
      assert.deepEqual(await take(there, 5, count), await take(here, 5, count));
      assert.equal(there.normalizer.log, here.normalizer.log);
      await there.memory.pull();
      const [found, expected] = [all(there), all(here)];
      for (const [tensor, data] of expected) assert.deepEqual(found.get(tensor), data, tensor);
      await here.memory.close();
      await there.memory.close();
      assert.equal(device.held, 0, "all is given back");
      await device.close();
    });
  }

  it("leave state and bank of the host alone until they are asked for", async () => {
    const device = hostDevice();
    const there = await bench(build({}), device);
    const before = all(there);
    await take(there, 2);
    assert.deepEqual(all(there), before);
    await there.memory.pull();
    const after = all(there);
    for (const [name, data] of before) assert.notDeepEqual(after.get(name), data, name);
    await device.close();
  });

  it("take in a batch and its rate, and give back the loss and one number", async () => {
    const crossed: Crossed = { in: 0, out: 0 };
    const device = counting(hostDevice(), crossed);
    const there = await bench(build(NCE), device);
    await take(there, 1);
    Object.assign(crossed, { in: 0, out: 0 });
    await take(there, 10);
    const pictures = 4 * BATCH * 3 * SIDE * SIDE;
    // Rows are read by the step and by what writes the bank; rate, ln Z and ln(m/n) are a number each.
    const inputs = pictures + 2 * 8 * BATCH + 8 * BATCH * NEGATIVES + 3 * 4;
    // Loss, check, and what the batch says of Z.
    assert.deepEqual(crossed, { in: 10 * inputs, out: 10 * 3 * 4 });
    await device.close();
  });

  it("feed the same tensors in every other step", async () => {
    const inner = hostDevice();
    const fed: string[] = [];
    const names = new Map<unknown, number>();
    const nameOf = (tensor: unknown) => names.get(tensor) ?? (names.set(tensor, names.size), names.size - 1);
    const device: Device = {
      ep: inner.ep,
      async openSession(model, where) {
        const session = await inner.openSession(model, where);
        const run: typeof session.run = (feeds, into) => {
          fed.push([where, ...[...feeds.values(), ...into.values()].map(nameOf)].join(" "));
          return session.run(feeds, into);
        };
        return { ...session, run };
      },
      allocate: (dtype, shape) => inner.allocate(dtype, shape),
      upload: (from, into) => inner.upload(from, into),
      download: (from, into) => inner.download(from, into),
      release: (tensor) => inner.release(tensor),
      close: () => inner.close(),
    };
    const there = await bench(build(NCE), device);
    await take(there, 4);
    const perStep = fed.length / 4;
    assert.equal(perStep, 3);
    assert.deepEqual(fed.slice(2 * perStep), fed.slice(0, 2 * perStep));
    assert.notDeepEqual(fed.slice(perStep, 2 * perStep), fed.slice(0, perStep));
    await device.close();
  });

  it("that break are told as in the host's memory, and change nothing", async () => {
    const built = build({});
    const device = hostDevice();
    const [here, there] = [await bench(built, null), await bench(built, device)];
    const failing = async ({ step }: Bench) => {
      for (let at = 0; at < 20; at++) await step.run(batchAt(at), at < 2 ? 0.05 : 1e30, `step ${at + 1}`);
    };
    const messages: string[] = [];
    for (const one of [here, there]) {
      await assert.rejects(failing(one), (error: Error) => {
        assert.equal(error.name, "TrainingError");
        messages.push(error.message);
        return true;
      });
    }
    assert.equal(messages[1], messages[0]);
    await there.memory.pull();
    assert.deepEqual(all(there), all(here));
    assert.deepEqual(there.state.notFinite(), []);
    await here.memory.close();
    await device.close();
  });

  it("go on where only the sum of all numbers is too large for float32", async () => {
    const device = hostDevice();
    const built = build({});
    const there = await bench(built, device);
    const huge = 3e38;
    for (const { data } of there.state.tensors("momentum").values()) data.fill(0);
    const name = "fc.bias.momentum";
    there.state.tensors("momentum").get(name)!.data.fill(huge);
    const again = await deviceMemory({
      ...{ device, target: cpu, state: there.state, bank: there.bank, pictureShape: SHAPE },
      models: { trainStep: built.files.get(FILES.trainStep)!, accumulateStep: null },
    });
    const step = new TrainStep(again, SHAPE);
    assert.ok(Number.isFinite(await step.run(batchAt(0), 0, "step 1")));
    await again.pull();
    const kept = there.state.tensors("momentum").get(name)!.data;
    assert.ok(
      kept.every((value) => Number.isFinite(value) && value > 1e38),
      String(kept),
    );
    await device.close();
  });

  it("take pictures that are on the device already", async () => {
    const device = hostDevice();
    const built = build({});
    const [first, second] = [await bench(built, device), await bench(built, device)];
    const given = batchAt(0);
    const pictures = await device.allocate("float32", SHAPE);
    await device.upload(floats(SHAPE, given.pixelValues as Float32Array<ArrayBuffer>), pictures);
    const loss = await first.step.run({ ...given, pixelValues: pictures }, 0.1, "step 1");
    assert.equal(loss, await second.step.run(given, 0.1, "step 1"));
    const broken = new Float32Array(pictures.shape.reduce((a, b) => a * b, 1)).fill(NaN);
    await device.upload(floats(SHAPE, broken), pictures);
    await assert.rejects(first.step.run({ ...given, pixelValues: pictures }, 0.1, "step 2"), {
      message: /^step 2: the loss is NaN, .* pixel_values of the pictures of rows 0, 1, 2, 3 \(768 of 768/,
    });
    await device.close();
  });
});
