/** @file What a run is told when numbers break, on real models. */

import assert from "node:assert/strict";
import type { ObjectiveConfig } from "../../graphs/index.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { initializeUnitBank } from "../../src/build/initialize.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { OPTIMIZER_DEFAULTS } from "../../src/build/optimizer.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, type FloatTensor, type HostTensor, type Session } from "../../src/runtime/session.js";
import { diagnoser } from "../../src/train/diagnose.js";
import { NoiseInputs } from "../../src/train/noiseInputs.js";
import { Normalizer } from "../../src/train/normalizer.js";
import { firstNotFinite } from "../../src/train/notFinite.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";
import { hostMemory } from "../../src/train/stepMemory.js";

const [BATCH, SIDE, DIM, INSTANCES] = [4, 8, 8, 10];
const SHAPE = [BATCH, 3, SIDE, SIDE];
const ROWS = Int32Array.of(5, 2, 9, 0);

interface Bench {
  readonly step: TrainStep;
  readonly state: TrainState;
  readonly bank: FloatTensor;
  readonly pixelValues: Float32Array<ArrayBuffer>;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly session: Session;
}

/** A step of a small network, ready to run. */
async function bench(
  changes: Partial<Recipe> = {},
  watch: (feeds: ReadonlyMap<string, HostTensor>) => void = () => undefined,
): Promise<Bench> {
  const recipe = { ...DEFAULT_RECIPE, arch: "resnet10", width: 2, imageSize: SIDE, batchSize: BATCH };
  const built = buildArtifact({
    recipe: { ...recipe, embeddingDim: DIM, ...changes },
    preprocessing: { imageSize: SIDE, resize: SIDE, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    seed: 0,
  });
  const { objective } = built.manifest.recipe;
  const initial = readSafetensors(built.files.get(FILES.state)!, FILES.state).tensors;
  const state = new TrainState({ ...built.manifest, files: {} }, initial, FILES.state);
  const bank = floats([INSTANCES, DIM], initializeUnitBank(INSTANCES, DIM, 0));
  const session = await openSession(built.files.get(FILES.trainStep)!, FILES.trainStep, {
    ep: "cpu",
    threads: 1,
  });
  const needsZ = objective.name === "nce" && objective.normalizer.mode !== "exact";
  const normalizer = needsZ ? new Normalizer(objective.normalizer, 5) : null;
  const noise =
    "noise" in objective
      ? new NoiseInputs({ objective, instances: INSTANCES, batchSize: BATCH, seed: 0, normalizer })
      : null;
  const options = { diagnose: diagnoser(built.files, 1) };
  const watched: Session = {
    ep: session.ep,
    inputs: session.inputs,
    outputs: session.outputs,
    run: (feeds, into) => {
      watch(feeds);
      return session.run(feeds, into);
    },
    close: () => session.close(),
  };
  const memory = hostMemory(state, bank, { trainStep: watched, accumulateStep: null });
  const step = new TrainStep(memory, SHAPE, noise, options);
  const pixelValues = Float32Array.from({ length: BATCH * 3 * SIDE * SIDE }, (_, at) => Math.sin(at));
  return { step, state, bank, pixelValues, files: built.files, session };
}

/** The message of a step that fails; "" where it does not. */
async function failure({ step, pixelValues, session }: Bench, learningRate = 0.1): Promise<string> {
  try {
    await step.run({ pixelValues, rows: ROWS, step: 411 }, learningRate, "step 412");
  } catch (error) {
    assert.equal((error as Error).name, "TrainingError");
    return (error as Error).message;
  } finally {
    await session.close();
  }
  return "";
}

const { nce, infonce, softmax } = OBJECTIVE_DEFAULTS;
const few = { negatives: 5 } as const;
const HEALTHY: Readonly<Record<string, ObjectiveConfig>> = {
  softmax,
  parametric: { name: "parametric", instances: INSTANCES },
  nce: { ...nce, ...few, epsilon: 1e-7 },
  "nce with exact Z": { ...nce, ...few, noiseForm: "gemm", proximal: 1, normalizer: { mode: "exact" } },
  infonce: { ...infonce, ...few },
};

describe("a step whose numbers break", () => {
  it("names pictures that were broken before", async () => {
    const it = await bench();
    it.pixelValues[0] = NaN;
    it.pixelValues.fill(Infinity, 2 * 3 * SIDE * SIDE, 2 * 3 * SIDE * SIDE + 7);
    assert.equal(
      await failure(it),
      "step 412: the loss is NaN, expected a finite number; not finite when the batch began: pixel_values of the " +
        "pictures of rows 5, 9 (8 of 768 numbers not finite (1 NaN, 7 infinite)); learning rate 0.1; " +
        "look at these pictures, and at mean and std of the normalization",
    );
  });

  it("names weights, momentum and bank rows that were broken before", async () => {
    const it = await bench();
    it.state.tensors("parameter").get("fc.bias")!.data[2] = NaN;
    it.state.tensors("momentum").get("conv1.weight.momentum")!.data[0] = Infinity;
    it.bank.data.fill(NaN, 3 * DIM, 4 * DIM);
    assert.equal(
      await failure(it),
      "step 412: the loss is NaN, expected a finite number; not finite when the batch began: " +
        "bank rows 3 (8 of 80 numbers not finite (8 NaN, 0 infinite)), " +
        "fc.bias (1 of 8 numbers not finite (1 NaN, 0 infinite)), " +
        "conv1.weight.momentum (1 of 54 numbers not finite (0 NaN, 1 infinite)); learning rate 0.1; " +
        "go on from an earlier checkpoint, or begin from other weights",
    );
  });

  it("names the operator and the tensor that overflowed, and what it was made of", async () => {
    const it = await bench();
    it.state.tensors("parameter").get("layer3.0.bn1.weight")!.data.fill(1e38);
    const message = await failure(it);
    assert.match(
      message,
      /; first not finite: \/layer3\/0\/\S+ \(\w+\) gives \d+ of \d+ numbers not finite \(\d+ NaN, \d+ infinite\), from .*layer3\.0\.bn1\.weight in \[1e\+38, 1e\+38\]/,
    );
    assert.match(
      message,
      /; learning rate 0\.1; layer3\.0\.bn1\.weight has grown to 1e\+38; lower --lr, or raise --warmup-steps$/,
    );
  });

  it("blames pictures that are too bright by far, and rows that are too long", async () => {
    const bright = await bench();
    bright.pixelValues.fill(3e38);
    assert.match(
      await failure(bright),
      /first not finite: .*; pixel_values reach 3e\+38: correct mean and std/,
    );
    const long = await bench();
    long.bank.data.fill(1e38);
    assert.match(
      await failure(long),
      /first not finite: \/objective\/.*; a bank row is \S+ long, expected 1: fill the bank anew with --bank-init forward; lower --lr/,
    );
  });

  it("is caught after a finite loss, when the optimizer overflows, and keeps state and bank", async () => {
    const it = await bench();
    const before = structuredClone([...it.state.raw("parameter", "momentum", "statistic")]);
    const rows = Float32Array.from(it.bank.data);
    assert.match(
      await failure(it, 3e38),
      /^step 412: the loss is [\d.]+, but \S+\.next(, \S+)* and \d+ more would not be finite; first not finite: \/sgd\/\S+ \(\w+\) gives \d+ of \d+ numbers .*; learning rate 3e\+38; the update itself overflows: lower --lr/,
    );
    assert.deepEqual([...it.state.raw("parameter", "momentum", "statistic")], before);
    assert.deepEqual(it.bank.data, rows);
    assert.deepEqual(it.state.notFinite(), []);
  });
});

/** What a batch feeds, after it ran. */
async function feedsOf(changes: Partial<Recipe>, prepare: (it: Bench) => void = () => undefined) {
  const seen: ReadonlyMap<string, HostTensor>[] = [];
  const it = await bench(changes, (feeds) => seen.push(feeds));
  prepare(it);
  await failure(it);
  return { feeds: seen[0]!, model: it.files.get(FILES.trainStep)! };
}

describe("the search for what is not finite", () => {
  for (const [name, objective] of Object.entries(HEALTHY)) {
    it(`finds nothing in a healthy step of ${name}`, async () => {
      const { feeds, model } = await feedsOf({ objective });
      assert.equal(await firstNotFinite(model, "step", feeds, { threads: 1 }), null);
    });
  }

  it("finds nothing in healthy steps of LARS and AdamW, whose divisions are guarded", async () => {
    for (const optimizer of [OPTIMIZER_DEFAULTS.lars, OPTIMIZER_DEFAULTS.adamw]) {
      const { feeds, model } = await feedsOf({ optimizer });
      assert.equal(await firstNotFinite(model, "step", feeds, { threads: 1 }), null, optimizer.name);
    }
  });

  it("finds the same slice by slice as at once", async () => {
    const { feeds, model } = await feedsOf({}, ({ state }) => {
      state.tensors("parameter").get("layer3.0.bn1.weight")!.data.fill(1e38);
    });
    const whole = await firstNotFinite(model, "step", feeds, { threads: 1 });
    assert.equal(whole?.kind, "node");
    // Some ten values a slice.
    assert.deepEqual(await firstNotFinite(model, "step", feeds, { threads: 1, sliceBytes: 20_000 }), whole);
  });
});
