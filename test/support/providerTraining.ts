/**
 * @file The same training steps on any provider, by the classes that `train` takes its steps with. They read the pictures
 * in turn and begin with the bank that tools/examples/train.py makes, so that it can take them too.
 */

import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { buildArtifact, FILES, type BuiltArtifact } from "../../src/build/buildArtifact.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { encodeGraph } from "../../src/build/sourceGraphs.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { lower } from "../../src/lower/lower.js";
import { fixSizes } from "../../src/lower/passes/fixSizes.js";
import { RandomStream } from "../../src/random/philox.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, type FloatTensor } from "../../src/runtime/session.js";
import { DropoutNoise } from "../../src/train/dropoutNoise.js";
import { NoiseInputs } from "../../src/train/noiseInputs.js";
import { Normalizer } from "../../src/train/normalizer.js";
import { openMemory, type StepProvider } from "../../src/train/openMemory.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";

export const INSTANCES = 200;
const SEED = 1;

export const OBJECTIVES = {
  softmax: OBJECTIVE_DEFAULTS.softmax,
  nce: { ...OBJECTIVE_DEFAULTS.nce, negatives: 64 },
} as const satisfies Readonly<Record<string, Recipe["objective"]>>;

/**
 * So low that rounding stays rounding, and high enough that the weights are seen in the loss. Small batches make chaos of
 * more: at ten times the rate, a change of the pictures by 1e-7 is one of the loss by 1e-2 after 50 steps, on one and the
 * same provider.
 */
export const CALM_RATE = 1e-5;

export interface TrainingCase {
  /** Changes of a ResNet-18 of an eighth of its width. */
  readonly recipe: Partial<Recipe>;
  readonly steps: number;
  /** Default: CALM_RATE. */
  readonly learningRate?: number;
}

/** All that steps begin with; they leave it as it is. */
export interface Training {
  readonly artifact: BuiltArtifact;
  /** [n, 3, S, S] */
  readonly pictures: FloatTensor;
  /** What the encoder makes of them with its first weights, [n, D]. */
  readonly bank: FloatTensor;
  readonly steps: number;
  readonly learningRate: number;
}

export interface Trained {
  /** Of every step, nats. */
  readonly losses: readonly number[];
  /** [n, D] */
  readonly bank: FloatTensor;
  /** Sums of gradients, by the names of what they belong to. */
  readonly momentum: ReadonlyMap<string, FloatTensor>;
}

export async function prepareTraining({
  recipe,
  steps,
  learningRate = CALM_RATE,
}: TrainingCase): Promise<Training> {
  const whole = { ...DEFAULT_RECIPE, ...{ width: 8, imageSize: 16, batchSize: 8 }, ...recipe };
  const { imageSize } = whole;
  const grays = (value: number): [number, number, number] => [value, value, value];
  const preprocessing = { imageSize, resize: imageSize, mean: grays(0.5), std: grays(0.25) };
  const artifact = buildArtifact({ recipe: whole, preprocessing, seed: SEED });
  const pictures = somePictures(imageSize);
  return { artifact, pictures, bank: await firstBank(artifact, pictures), steps, learningRate };
}

/** Waves of random direction, colour and brightness: pictures that a network tells apart. */
function somePictures(side: number): FloatTensor {
  const pictures = floats([INSTANCES, 3, side, side]);
  const stream = new RandomStream(SEED, "pictures");
  for (let first = 0; first < pictures.data.length; first += side * side) {
    const [u, v, phase, level] = [stream.normal(), stream.normal(), stream.normal(), stream.normal()];
    for (let at = 0; at < side * side; at++)
      pictures.data[first + at] =
        level + Math.sin((2 * Math.PI * (u * (at % side) + v * Math.floor(at / side))) / side + 3 * phase);
  }
  return pictures;
}

async function firstBank({ files, manifest }: BuiltArtifact, pictures: FloatTensor): Promise<FloatTensor> {
  const session = await openSession(files.get(FILES.encoder)!, FILES.encoder, { ep: "cpu", threads: 1 });
  const bank = floats([INSTANCES, manifest.recipe.embeddingDim]);
  await session.run(new Map([["pixel_values", pictures]]), new Map([["image_embeds", bank]]));
  await session.close();
  return bank;
}

/**
 * Takes the steps where the provider has its memory, from the start.
 * @param tell after each step: how many are taken
 */
export async function trainOn(
  provider: StepProvider,
  { artifact, pictures, bank: first, steps, learningRate }: Training,
  tell: (done: number) => void = () => undefined,
): Promise<Trained> {
  const { manifest, files } = artifact;
  const { batchSize, imageSize } = manifest.recipe;
  const initial = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
  const state = new TrainState({ ...manifest, files: {} }, initial, FILES.state);
  const bank = floats(first.shape, first.data.slice());
  const executed = executedOn(provider, artifact);
  const memory = await openMemory({ manifest, executed, provider }, state, bank);
  const step = new TrainStep(memory, [batchSize, 3, imageSize, imageSize], noiseOf(manifest.recipe));
  const dropout = new DropoutNoise(manifest, SEED);
  const losses: number[] = [];
  for (let at = 0; at < steps; at++) {
    const batch = { ...batchAt(at, pictures, batchSize), inputs: dropout.at(at) };
    losses.push(await step.run(batch, learningRate, `step ${at + 1}`));
    tell(losses.length);
  }
  await memory.pull();
  await memory.close();
  return { losses, bank, momentum: state.tensors("momentum") };
}

/** As src/train/fitGraphs.ts has it: the portable graph on the host, on a device that of its operators and these sizes. */
function executedOn({ device, target }: StepProvider, { manifest, files, sources }: BuiltArtifact) {
  if (device === null) return files;
  const graph = lower(fixSizes(sources!.get(FILES.trainStep)!, { instances: INSTANCES }), target);
  return new Map([[FILES.trainStep, encodeGraph(FILES.trainStep, graph, manifest)]]);
}

function noiseOf({ objective, batchSize }: Recipe): NoiseInputs | null {
  if (!("noise" in objective)) return null;
  // Rows of an untrained network are nearly alike: Z is about n times the highest term.
  const logNormalizer = Math.log(INSTANCES) + 1 / objective.temperature;
  const normalizer = objective.name === "nce" ? new Normalizer(objective.normalizer, logNormalizer) : null;
  return new NoiseInputs({ objective, instances: INSTANCES, batchSize, seed: SEED, normalizer });
}

function batchAt(step: number, { data }: FloatTensor, batchSize: number) {
  const rows = Int32Array.from({ length: batchSize }, (_, at) => (step * batchSize + at) % INSTANCES);
  const length = data.length / INSTANCES;
  const pixelValues = new Float32Array(batchSize * length);
  rows.forEach((row, at) => pixelValues.set(data.subarray(row * length, (row + 1) * length), at * length));
  return { pixelValues, rows, step };
}

/** Of losses, step by step. */
export function relativeErrors(found: readonly number[], expected: readonly number[]): number[] {
  return expected.map((loss, at) => Math.abs(found[at]! / loss - 1));
}
