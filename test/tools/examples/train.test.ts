/** @file Training in Python by an artifact folder and ONNX Runtime alone, against the same steps in Node. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeArtifact } from "../../../src/artifact/node.js";
import { readSafetensors } from "../../../src/artifact/safetensors.js";
import { buildArtifact, FILES, type BuiltArtifact } from "../../../src/build/buildArtifact.js";
import { DEFAULT_RECIPE, type Recipe } from "../../../src/build/recipe.js";
import { RandomStream } from "../../../src/random/philox.js";
import { openSession } from "../../../src/runtime/node.js";
import { floats, type FloatTensor } from "../../../src/runtime/session.js";
import { TrainState } from "../../../src/train/state.js";
import { TrainStep } from "../../../src/train/step.js";
import { hostMemory } from "../../../src/train/stepMemory.js";
import { requirePython, runTool } from "../../support/python.js";
import { suiteFolder } from "../../support/temporary.js";

const SIDE = 8; // pixels
const BATCH = 4; // pictures
const INSTANCES = 10;
const DIM = 8;
const STEPS = 12;
const RATE = 0.03;
/** Relative. */
const TOLERANCE = 1e-6;

const SMALL: Recipe = {
  ...DEFAULT_RECIPE,
  ...{ width: 2, imageSize: SIDE, batchSize: BATCH, embeddingDim: DIM },
};
const RECIPES: Readonly<Record<string, Recipe>> = {
  "the softmax over the bank, and SGD": SMALL,
  "the parametric softmax, and AdamW": {
    ...SMALL,
    objective: { name: "parametric", instances: INSTANCES },
    optimizer: {
      ...{ name: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      ...{ weightDecay: 0.01, decayNormAndBias: true },
    },
  },
};

/** [n, 3, S, S] of normal numbers. */
function somePictures(): FloatTensor {
  const pictures = floats([INSTANCES, 3, SIDE, SIDE]);
  const stream = new RandomStream(5, "pictures");
  pictures.data.forEach((_, at) => (pictures.data[at] = stream.normal()));
  return pictures;
}

/** As NumPy's own files are, version 1.0: magic, length of the header, header, numbers. */
function npyOf({ shape, data }: FloatTensor): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const padded = `${header.padEnd(64 * Math.ceil((header.length + 11) / 64) - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    length,
    Buffer.from(padded, "latin1"),
    Buffer.from(data.buffer),
  ]);
}

/** What the encoder with its first weights makes of the pictures, [n, D]. */
async function firstBank({ files }: BuiltArtifact, pictures: FloatTensor): Promise<FloatTensor> {
  const session = await openSession(files.get(FILES.encoder)!, FILES.encoder, { ep: "cpu", threads: 1 });
  const bank = floats([INSTANCES, DIM]);
  await session.run(new Map([["pixel_values", pictures]]), new Map([["image_embeds", bank]]));
  await session.close();
  return bank;
}

/** Losses of the same steps in Node. */
async function lossesHere(artifact: BuiltArtifact, pictures: FloatTensor): Promise<number[]> {
  const { manifest, files } = artifact;
  const initial = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
  const state = new TrainState({ ...manifest, files: {} }, initial, FILES.state);
  const session = await openSession(files.get(FILES.trainStep)!, FILES.trainStep, { ep: "cpu", threads: 1 });
  const bank = await firstBank(artifact, pictures);
  const memory = hostMemory(state, bank, { trainStep: session, accumulateStep: null });
  const step = new TrainStep(memory, [BATCH, 3, SIDE, SIDE]);
  const length = 3 * SIDE ** 2;
  const losses: number[] = [];
  for (let number = 0; number < STEPS; number++) {
    const rows = Int32Array.from({ length: BATCH }, (_, at) => (number * BATCH + at) % INSTANCES);
    const pixelValues = new Float32Array(BATCH * length);
    rows.forEach((row, at) =>
      pixelValues.set(pictures.data.subarray(row * length, (row + 1) * length), at * length),
    );
    losses.push(await step.run({ pixelValues, rows, step: number }, RATE, `step ${number + 1}`));
  }
  await memory.close();
  return losses;
}

describe("the example that trains in Python", () => {
  const folder = suiteFolder();
  let python = "";
  before(function () {
    python = requirePython(this, "numpy", "onnxruntime");
  });

  for (const [name, recipe] of Object.entries(RECIPES)) {
    it(`has the losses of Node with ${name}`, async () => {
      const grays = (value: number): [number, number, number] => [value, value, value];
      const preprocessing = { imageSize: SIDE, resize: SIDE, mean: grays(0.5), std: grays(0.25) };
      const artifact = buildArtifact({ recipe, preprocessing, seed: 3 });
      const out = join(folder(), recipe.objective.name);
      await writeArtifact(out, artifact.files, artifact.manifest);
      const pictures = somePictures();
      writeFileSync(join(folder(), "pictures.npy"), npyOf(pictures));
      const args = [out, join(folder(), "pictures.npy"), String(STEPS), String(RATE)];
      const found = (await runTool(python, "examples/train.py", args)).trim().split("\n").map(Number);
      const expected = await lossesHere(artifact, pictures);
      assert.equal(found.length, STEPS);
      found.forEach((loss, at) => {
        const apart = Math.abs(loss / expected[at]! - 1);
        assert.ok(apart < TOLERANCE, `step ${at + 1}: ${loss}, in Node ${expected[at]}`);
      });
      assert.ok(new Set(expected).size === STEPS, "the losses differ from each other");
    });
  }
});
