/**
 * @file Our training step, in float32 on ONNX Runtime, against PyTorch's in float64. How far PyTorch's own float32 lies
 * from that says what rounding may do: ours may lie at most three times as far.
 */

import assert from "node:assert/strict";
import { forwardGraph, nextName } from "../../graphs/index.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES, type BuiltArtifact } from "../../src/build/buildArtifact.js";
import { encodeModel } from "../../src/codec/encode.js";
import { differentiate, gradientName } from "../../src/grad/differentiate.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../../src/runtime/session.js";
import { initializeBank, initializeParameters } from "../../src/build/initialize.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";
import {
  goldenBatches,
  goldenConfig,
  readGolden,
  relativeError,
  sampledNorm,
  sha256,
  type Golden,
  type GoldenTensor,
} from "./golden.js";

/** Times PyTorch's own float32 error that ours may be. */
const FACTOR = 3;
/** Half a unit in the last place of float32 is 6e-8 of a number: nothing can be asked below that. */
const ROUNDING = 1e-7;
/** Tensors must be this many times larger than what a test lets pass, or zeros would pass too. */
const MARGIN = 100;
/** Part of a gradient that may differ where units have another sign: each moves it by about 0.5 %, and some do. */
const KINKS = 0.05;
/** The same on every machine, since partial sums follow the number of threads. */
const THREADS = 2;

/** Relative; `whole` keeps a lucky draw of positions from asking for more than PyTorch has. */
function allowed({ float32Error: { sampled, whole } }: GoldenTensor): number {
  return FACTOR * Math.max(sampled, whole, ROUNDING);
}

type Tensors = Readonly<Record<string, GoldenTensor>>;
type Find = (name: string) => FloatTensor | undefined;

/** The step up to the gradients, run once. @returns every output by name */
async function firstStep(golden: Golden): Promise<Map<string, FloatTensor>> {
  const forward = forwardGraph(goldenConfig(golden));
  const trainable = [...forward.parameters.values()].filter((parameter) => parameter.trainable);
  const gradient = differentiate(
    forward,
    "loss",
    trainable.map(({ value }) => value.name),
  );
  const graph = lower(gradient, cpu);
  const { instances, dim, seed, batch: batchSize, imageSize } = golden.case;
  const batch = await (await goldenBatches(golden))(0);
  const rows = int64s([batchSize]);
  batch.rows.forEach((row, at) => (rows.data[at] = BigInt(row)));
  const parameters = [...initializeParameters(forward, seed)].map(([name, data]): [string, HostTensor] => [
    name,
    floats(forward.parameters.get(name)!.value.shape as readonly number[], data),
  ]);
  const feeds = new Map<string, HostTensor>([
    ...parameters,
    ["pixel_values", floats([batchSize, 3, ...imageSize], batch.pixelValues)],
    ["rows", rows],
    ["bank", floats([instances, dim], initializeBank(instances, dim, seed))],
  ]);
  const outputs = new Map(
    graph.outputs.map(({ name, value }) => [name, floats(value.shape as readonly number[])]),
  );
  const session = await openSession(encodeModel(graph, { producerVersion: "0" }), "gradients", {
    ep: "cpu",
    threads: THREADS,
  });
  await session.run(feeds, outputs);
  await session.close();
  return outputs;
}

/** The artifact that a user would train from. */
function artifactOf(golden: Golden): BuiltArtifact {
  const { optimizer, ...config } = goldenConfig(golden);
  return buildArtifact({
    recipe: { ...config, optimizer: { name: "sgd", ...optimizer } },
    preprocessing: { imageSize: 28, resize: 28, mean: [0.286, 0.286, 0.286], std: [0.353, 0.353, 0.353] },
    seed: golden.case.seed,
  });
}

/** Losses of the first steps, by train_step.onnx and the loop's own classes. */
async function trainSteps(golden: Golden, steps: number): Promise<number[]> {
  const { manifest, files } = artifactOf(golden);
  const { instances, dim, seed, learningRate, imageSize } = golden.case;
  const initial = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
  const state = new TrainState({ ...manifest, files: {} }, initial, FILES.state);
  const bank = floats([instances, dim], initializeBank(instances, dim, seed));
  const session = await openSession(files.get(FILES.trainStep)!, FILES.trainStep, {
    ep: "cpu",
    threads: THREADS,
  });
  const step = new TrainStep(session, state, bank, [golden.case.batch, 3, ...imageSize]);
  const batchOf = await goldenBatches(golden);
  const losses: number[] = [];
  for (let at = 0; at < steps; at++) {
    losses.push(await step.run(await batchOf(at), learningRate, `step ${at + 1}`));
  }
  await session.close();
  return losses;
}

/** Asserts for all tensors at once that they are PyTorch's, so that a failure shows every one that is not. */
function assertClose(golden: Golden, tensors: Tensors, find: Find, tolerance = allowed): void {
  const faults = Object.entries(tensors).flatMap(([name, tensor]) => {
    const found = find(name);
    assert.deepEqual(found?.shape, tensor.shape, `${name} is computed, in PyTorch's shape`);
    const error = relativeError(golden, name, tensor, found.data);
    const most = tolerance(tensor);
    return error <= most ? [] : [`${name} by ${error.toExponential(1)}, expected ${most.toExponential(1)}`];
  });
  assert.deepEqual(faults, [], "relative distance from float64");
}

/** Tolerances are parts of a tensor's norm at the sampled positions. */
function assertLarge(tensors: Tensors): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    const norm = sampledNorm(tensor);
    assert.ok(norm > 0 && norm > MARGIN * allowed(tensor) * norm, `${name} has norm ${norm}`);
  }
}

/** "worst 1.8 times: layer2.1.bn1.bias" */
function worst(golden: Golden, tensors: Tensors, find: Find): string {
  const [first] = Object.entries(tensors)
    .map(([name, tensor]) => {
      const times = (FACTOR * relativeError(golden, name, tensor, find(name)!.data)) / allowed(tensor);
      return { name, times };
    })
    .sort((a, b) => b.times - a.times);
  return `worst ${first!.times.toFixed(2)} times: ${first!.name}`;
}

const relative = (found: number, truth: number): number => Math.abs(found - truth) / truth;

/** Far from every kink of a ReLU, so that gradients can be compared to the last digits. */
const SMOOTH = "resnet18SoftmaxSmall";
/** Wider, and with units so near to zero that PyTorch's own float32 sees two of them on the other side. */
const KINKED = "resnet18Softmax";

for (const name of [SMOOTH, KINKED]) {
  describe(`the training step against PyTorch, ${name}`, () => {
    const golden = readGolden(name);
    const { gradients, runningStatistics, bankRows } = golden.firstStep;
    let outputs: Map<string, FloatTensor>;
    const gradientOf: Find = (parameter) => outputs.get(gradientName(parameter));
    const statisticOf: Find = (statistic) => outputs.get(nextName(statistic));

    before(async () => {
      outputs = await firstStep(golden);
      console.log(`    gradients, ${worst(golden, gradients, gradientOf)}`);
      console.log(`    running statistics, ${worst(golden, runningStatistics, statisticOf)}`);
    });

    it("starts from the same numbers", async () => {
      const { seed, instances, dim } = golden.case;
      const parameters = initializeParameters(forwardGraph(goldenConfig(golden)), seed);
      const trained = Object.keys(gradients).map((parameter) => parameters.get(parameter)!);
      const { pixelValues } = await (await goldenBatches(golden))(0);
      assert.deepEqual(
        [sha256(...trained), sha256(initializeBank(instances, dim, seed)), sha256(pixelValues)],
        [golden.inputs.parametersSha256, golden.inputs.bankSha256, golden.inputs.firstBatchSha256],
      );
    });

    it("has the same parameters and statistics, no more and no fewer", () => {
      const ours = [...forwardGraph(goldenConfig(golden)).parameters.values()];
      const names = (trainable: boolean) =>
        ours.filter((parameter) => parameter.trainable === trainable).map(({ value }) => value.name);
      assert.deepEqual(names(true).sort(), Object.keys(gradients).sort());
      assert.deepEqual(names(false).sort(), Object.keys(runningStatistics).sort());
    });

    it("is compared with tensors a hundred times larger than what may differ", () =>
      assertLarge({ ...runningStatistics, bankRows }));

    it("gives the same loss", () => {
      const [truth] = golden.losses.float64;
      const error = relative(outputs.get("loss")!.data[0]!, truth!);
      assert.ok(error <= FACTOR * ROUNDING, `relative distance from float64 is ${error}`);
    });

    it("gives the same running statistics", () => assertClose(golden, runningStatistics, statisticOf));

    it("gives the same bank rows", () => assertClose(golden, { bankRows }, () => outputs.get("bank_rows")));
  });
}

describe("gradients of the training step against PyTorch", () => {
  it("are the same for every parameter", async () => {
    const golden = readGolden(SMOOTH);
    const { gradients } = golden.firstStep;
    assertLarge(gradients);
    const outputs = await firstStep(golden);
    assertClose(golden, gradients, (name) => outputs.get(gradientName(name)));
  });

  it("differ by a few units' signs at most where units lie on their kinks", async () => {
    const golden = readGolden(KINKED);
    const outputs = await firstStep(golden);
    assertClose(
      golden,
      golden.firstStep.gradients,
      (name) => outputs.get(gradientName(name)),
      () => KINKS,
    );
  });
});

/**
 * Rounding grows about threefold a step in these networks, and the faster the larger the learning rate: PyTorch's own
 * float32 run parts from float64 by a percent within ten steps at 0.03. The cases have small ones.
 */
describe("losses of train_step.onnx against PyTorch", () => {
  /** Steps of a case that stay within 0.1 %: PyTorch's float32 run has left that by step 10 in the smaller case. */
  const tightSteps = { [KINKED]: 10, [SMOOTH]: 5 };

  for (const [name, tight] of Object.entries(tightSteps)) {
    it(`stay within 0.1 % for ${tight} steps and within 5 % for ten, ${name}`, async () => {
      const golden = readGolden(name);
      const losses = await trainSteps(golden, golden.case.steps);
      const { float64, float32 } = golden.losses;
      const last = (ours: readonly number[]) => relative(ours.at(-1)!, float64.at(-1)!).toPrecision(2);
      console.log(
        `    ${name} at step ${losses.length}: ours ${last(losses)} from float64, PyTorch's float32 ${last(float32)}`,
      );
      const errors = losses.slice(0, 10).map((loss, at) => relative(loss, float64[at]!));
      const shown = errors.map((error) => error.toExponential(1)).join(" ");
      assert.ok(
        errors.every((error, at) => error <= (at < tight ? 1e-3 : 0.05)),
        `relative distances from float64 are ${shown}`,
      );
    });
  }
});
