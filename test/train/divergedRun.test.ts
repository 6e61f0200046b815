/** @file Real runs, driven as the training loop drives them: at a good learning rate, at 10, and at one beyond all. */

import assert from "node:assert/strict";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { DEFAULT_RECIPE } from "../../src/build/recipe.js";
import { TrainingError } from "../../src/errors.js";
import { RandomStream } from "../../src/random/philox.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, type FloatTensor } from "../../src/runtime/session.js";
import { diagnoser } from "../../src/train/diagnose.js";
import { DivergenceWatch, divergenceRule } from "../../src/train/divergence.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";
import { hostMemory } from "../../src/train/stepMemory.js";

const [BATCH, SIDE, DIM, INSTANCES] = [8, 8, 16, 64];
const STEPS = 500;
const SHAPE = [BATCH, 3, SIDE, SIDE];
const NUMBERS = 3 * SIDE * SIDE;
const recipe = {
  ...DEFAULT_RECIPE,
  arch: "resnet10",
  width: 4,
  imageSize: SIDE,
  batchSize: BATCH,
  embeddingDim: DIM,
};
const { manifest, files } = buildArtifact({
  recipe,
  preprocessing: { imageSize: SIDE, resize: SIDE, mean: [0, 0, 0], std: [1, 1, 1] },
  seed: 0,
});

const RULE = divergenceRule(recipe.objective, {
  instances: INSTANCES,
  stepsPerEpoch: INSTANCES / BATCH,
  bankInit: "forward",
});

/** A picture of smooth colours, with a little noise that is new at every step: there is something to learn. */
function picture(row: number, step: number): Float32Array {
  const own = new RandomStream(0, "picture", row);
  const noise = new RandomStream(0, "noise", row, step);
  return Float32Array.from({ length: NUMBERS }, () => own.normal() + 0.5 * noise.normal());
}

/** Pictures in their order, eight at a time. */
function batch(step: number): { pixelValues: Float32Array<ArrayBuffer>; rows: Int32Array } {
  const rows = Int32Array.from({ length: BATCH }, (_, place) => (step * BATCH + place) % INSTANCES);
  const pixelValues = new Float32Array(BATCH * NUMBERS);
  rows.forEach((row, place) => pixelValues.set(picture(row, step), place * NUMBERS));
  return { pixelValues, rows };
}

/** Embeddings by the untrained network. */
async function filledBank(state: TrainState): Promise<FloatTensor> {
  const bank = floats([INSTANCES, DIM]);
  const session = await openSession(files.get(FILES.bankInit)!, FILES.bankInit, { ep: "cpu", threads: 1 });
  for (let at = 0; at < INSTANCES / BATCH; at++) {
    const embeddings = floats([BATCH, DIM]);
    const pictures = ["pixel_values", floats(SHAPE, batch(at).pixelValues)] as const;
    const feeds = new Map([...state.tensors("parameter"), pictures]);
    await session.run(feeds, new Map([["image_embeds", embeddings]]));
    bank.data.set(embeddings.data, at * BATCH * DIM);
  }
  await session.close();
  return bank;
}

interface Ended {
  readonly state: TrainState;
  readonly steps: number;
  /** null: it went through. */
  readonly error: TrainingError | null;
}

async function train(learningRate: number): Promise<Ended> {
  const initial = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
  const state = new TrainState({ ...manifest, files: {} }, initial, FILES.state);
  const bank = await filledBank(state);
  const session = await openSession(files.get(FILES.trainStep)!, FILES.trainStep, { ep: "cpu", threads: 1 });
  const memory = hostMemory(state, bank, { trainStep: session, accumulateStep: null });
  const step = new TrainStep(memory, SHAPE, null, { diagnose: diagnoser(files, 1) });
  const watch = new DivergenceWatch(RULE);
  let at = 0;
  try {
    for (; at < STEPS; at++) {
      const where = `step ${at + 1}`;
      const said = watch.observe(await step.run({ ...batch(at), step: at }, learningRate, where));
      if (said !== null) throw new TrainingError(`${where}: ${said}`);
    }
  } catch (error) {
    if (!(error instanceof TrainingError)) throw error;
    return { state, steps: at + 1, error };
  } finally {
    await session.close();
  }
  return { state, steps: at, error: null };
}

describe("a run", () => {
  it("at a good learning rate goes on", async () => {
    const { error, state } = await train(0.03);
    assert.equal(error?.message ?? null, null);
    assert.deepEqual(state.notFinite(), []);
  });

  it("at a rate of 10 ends as stuck, and its parameters are finite", async () => {
    const { error, steps, state } = await train(10);
    console.log(`    ${error?.message}`);
    assert.match(
      error?.message ?? "",
      /^step \d+: the loss was [\d.]+ at first, .* lower --lr, or raise --warmup-steps$/,
    );
    assert.ok(steps >= 300);
    assert.deepEqual(state.notFinite(), []);
  });

  it("at a rate of 1e35 ends at once with a diagnosis, and its parameters are finite", async () => {
    const { error, steps, state } = await train(1e35);
    console.log(`    ${error?.message}`);
    assert.match(
      error?.message ?? "",
      /^step \d+: the loss is .*; first not finite: .*; learning rate 1e\+35; .*lower --lr/,
    );
    assert.ok(steps < 10);
    assert.deepEqual(state.notFinite(), []);
  });
});
