import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import {
  forwardGraph,
  trainStepGraph,
  type ObjectiveConfig,
  type TrainStepConfig,
} from "../../graphs/index.js";
import { differentiate, gradientName } from "../../src/grad/differentiate.js";
import { RandomStream } from "../../src/random/philox.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../../src/runtime/session.js";
import { initializeBank, initializeParameters } from "../../src/build/initialize.js";
import { drawNoise } from "../../src/train/noise.js";
import { openGraph, runGraph } from "../support/runGraph.js";

interface Tensor {
  readonly shape: readonly number[];
  readonly norm: number;
  readonly values: string;
  readonly float32Error: { readonly sampled: number };
}
interface Golden {
  readonly case: Readonly<
    Record<
      | "seed"
      | "width"
      | "dim"
      | "instances"
      | "batch"
      | "steps"
      | "temperature"
      | "learningRate"
      | "momentum"
      | "weightDecay"
      | "bankMomentum"
      | "negatives"
      | "epsilon"
      | "proximal"
      | "logNormalizer"
      | "pixelMean"
      | "pixelStd",
      number
    >
  > & { readonly objective: "nce" | "infonce" | "parametric"; readonly ownAsNoise: boolean };
  readonly inputs: { readonly firstBatchSha256: string };
  readonly losses: { readonly float64: readonly number[]; readonly float32: readonly number[] };
  readonly firstStep: { readonly gradients: Readonly<Record<string, Tensor>>; readonly bankRows: Tensor };
}

const SIDE = 28;
const pictures = gunzipSync(readFileSync("src/data/sample/t10k-images-idx3-ubyte.gz")).subarray(16);

function objectiveOf({ case: golden }: Golden): ObjectiveConfig {
  const { instances, temperature, negatives, epsilon, proximal, ownAsNoise } = golden;
  const noise = { positive: ownAsNoise, duplicates: true };
  const shared = { temperature, proximal, negatives, noiseForm: "gather", noise } as const;
  if (golden.objective === "parametric") return { name: "parametric", instances };
  return golden.objective === "nce"
    ? { name: "nce", ...shared, epsilon, normalizer: { mode: "first" } }
    : { name: "infonce", ...shared };
}

const configOf = (golden: Golden): TrainStepConfig => ({
  arch: "resnet18",
  stem: "cifar",
  width: golden.case.width,
  imageSize: SIDE,
  batchSize: golden.case.batch,
  embeddingDim: golden.case.dim,
  bankMomentum: golden.case.bankMomentum,
  objective: objectiveOf(golden),
  optimizer: {
    name: "sgd",
    momentum: golden.case.momentum,
    nesterov: false,
    weightDecay: golden.case.weightDecay,
    decayNormAndBias: true,
  },
});

/** Pictures, rows and noise of a step, as tools/makeObjectiveGolden.py has them. */
function batchFeeds({ case: golden }: Golden, step: number): Map<string, HostTensor> {
  const { batch, instances, negatives, pixelMean, pixelStd } = golden;
  const rows = Int32Array.from({ length: batch }, (_, at) => (batch * step + at) % instances);
  const pixels = floats([batch, 3, SIDE, SIDE]);
  const plane = SIDE * SIDE;
  rows.forEach((row, at) => {
    for (let channel = 0; channel < 3; channel++)
      for (let pixel = 0; pixel < plane; pixel++)
        pixels.data[(3 * at + channel) * plane + pixel] =
          (pictures[row * plane + pixel]! / 255 - pixelMean) / pixelStd;
  });
  const own = int64s([batch]);
  rows.forEach((row, at) => (own.data[at] = BigInt(row)));
  const noise = int64s([batch, negatives]);
  const rule = { instances, negatives, positive: golden.ownAsNoise, duplicates: true };
  drawNoise(rule, rows, golden.seed, step, noise.data);
  const scalar = (value: number) => floats([], Float32Array.of(value));
  return new Map<string, HostTensor>([
    ["pixel_values", pixels],
    ["rows", own],
    ["noise_rows", noise],
    ["log_noise_ratio", scalar(Math.log(negatives / instances))],
    ["log_normalizer", scalar(golden.logNormalizer ?? 0)],
    ["learning_rate", scalar(golden.learningRate)],
  ]);
}

/** L2 distance of sampled elements from the float64 run, relative to their norm. */
function sampledError(golden: Golden, name: string, truth: Tensor, found: Float32Array): number {
  const stream = new RandomStream(golden.case.seed, `sample/${name}`);
  const bytes = Buffer.from(truth.values, "base64");
  let [error, size] = [0, 0];
  for (let at = 0; at < bytes.length / 8; at++) {
    const expected = bytes.readDoubleLE(8 * at);
    error += (found[stream.uint32() % found.length]! - expected) ** 2;
    size += expected ** 2;
  }
  return Math.sqrt(error / (size || 1));
}

function stateOf(config: TrainStepConfig, seed: number): Map<string, FloatTensor> {
  const graph = trainStepGraph(config);
  const parameters = initializeParameters(graph, seed);
  const next = new Set(graph.outputs.map(({ name }) => name));
  return new Map(
    graph.inputs
      .filter(({ name }) => next.has(`${name}.next`))
      .map(({ name, shape }) => [name, floats(shape as readonly number[], parameters.get(name))]),
  );
}

/**
 * How many times PyTorch's own float32 error is forgiven, and the error that always is. PyTorch's error of a tensor counts
 * for no less than its median over all tensors: among hundreds of tensors some come out right by luck.
 */
const FACTOR = 3;
const FLOOR = 1e-7;

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

for (const name of ["nce", "nceEpsilonProximal", "infonce", "parametric"]) {
  describe(`a training step with ${name}`, () => {
    const golden = JSON.parse(readFileSync(`test/golden/objectives/${name}.json`, "utf8")) as Golden;
    const config = configOf(golden);
    const { instances, dim, seed, batch } = golden.case;
    const bank = (): FloatTensor => floats([instances, dim], initializeBank(instances, dim, seed));

    it("starts from PyTorch's pictures", () => {
      const { data } = batchFeeds(golden, 0).get("pixel_values") as FloatTensor;
      const digest = createHash("sha256").update(new Uint8Array(data.buffer)).digest("hex");
      assert.equal(digest, golden.inputs.firstBatchSha256);
    });

    it("has PyTorch's loss and gradients, within what float32 loses there", async () => {
      const forward = forwardGraph(config);
      const names = Object.keys(golden.firstStep.gradients);
      const graph = differentiate(forward, "loss", names);
      const feeds = new Map([...stateOf(config, seed), ...batchFeeds(golden, 0), ["bank", bank()] as const]);
      const fetched = await runGraph(graph, feeds);
      const { float64, float32 } = golden.losses;
      const lossError = Math.abs(fetched.get("loss")![0]! - float64[0]!);
      const lossAllowed = Math.max(FACTOR * Math.abs(float32[0]! - float64[0]!), FLOOR * float64[0]!);
      assert.ok(lossError <= lossAllowed, `loss: error ${lossError} exceeds ${lossAllowed}`);
      const usual = median(names.map((key) => golden.firstStep.gradients[key]!.float32Error.sampled));
      const faults = names.flatMap((parameter) => {
        const truth = golden.firstStep.gradients[parameter]!;
        const error = sampledError(golden, parameter, truth, fetched.get(gradientName(parameter))!);
        const allowed = Math.max(FACTOR * Math.max(truth.float32Error.sampled, usual), FLOOR);
        return error <= allowed ? [] : [`${parameter}: ${error} exceeds ${allowed}`];
      });
      assert.deepEqual(faults, []);
    });

    it("has PyTorch's loss over ten steps", async () => {
      const session = await openGraph(trainStepGraph(config));
      let state = stateOf(config, seed);
      const memory = bank();
      const losses: number[] = [];
      for (let step = 0; step < golden.case.steps; step++) {
        const feeds = new Map([...state, ...batchFeeds(golden, step), ["bank", memory] as const]);
        const loss = floats([]);
        const rows = floats([batch, dim]);
        const next = new Map([...state].map(([key, { shape }]) => [key, floats(shape)]));
        const into = new Map([...next].map(([key, tensor]) => [`${key}.next`, tensor]));
        await session.run(feeds, new Map([...into, ["loss", loss], ["bank_rows", rows]]));
        losses.push(loss.data[0]!);
        memory.data.set(rows.data, ((batch * step) % instances) * dim);
        state = next;
      }
      await session.close();
      losses.forEach((loss, at) => {
        const expected = golden.losses.float64[at]!;
        assert.ok(
          Math.abs(loss - expected) <= 1e-3 * expected,
          `step ${at + 1}: ${loss}, PyTorch ${expected}; all ${losses.join(", ")}`,
        );
      });
    });
  });
}
