/** @file Runs the step of a golden case with our graphs, and tells how far the results lie from PyTorch's. */

import assert from "node:assert/strict";
import { forwardGraph } from "../../graphs/index.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { encodeGraph } from "../../src/build/sourceGraphs.js";
import { encodeModel } from "../../src/codec/encode.js";
import { differentiate } from "../../src/grad/differentiate.js";
import { lower } from "../../src/lower/lower.js";
import type { Target } from "../../src/lower/target.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../../src/runtime/session.js";
import { DropoutNoise } from "../../src/train/dropoutNoise.js";
import { initializeBank, initializeParameters } from "../../src/build/initialize.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";
import { hostMemory } from "../../src/train/stepMemory.js";
import {
  goldenBatches,
  goldenConfig,
  relativeError,
  sha256,
  ZERO,
  type Golden,
  type GoldenTensor,
} from "./golden.js";

/** Times PyTorch's own float32 error that ours may be. */
export const FACTOR = 3;
/** Half a unit in the last place of float32 is 6e-8 of a number: nothing can be asked below that. */
export const ROUNDING = 1e-7;
/** The same on every machine, since partial sums follow the number of threads. */
const THREADS = 2;

export type GoldenTensors = Readonly<Record<string, GoldenTensor>>;
/** What tells how far a tensor may be from PyTorch's. */
export type Compared = Pick<GoldenTensor, "norm" | "float32Error">;
export type Find = (name: string) => FloatTensor | undefined;

/** Relative; `whole` keeps a lucky draw of positions from asking for more than PyTorch has. */
export function allowedError({ float32Error: { sampled, whole } }: Compared): number {
  return FACTOR * Math.max(sampled, whole, ROUNDING);
}

/** Where PyTorch came closer to float64 than on half of all tensors, it was lucky: that half is then what counts. */
export function withoutLuck(tensors: Readonly<Record<string, Compared>>): (tensor: Compared) => number {
  const errors = Object.values(tensors)
    .map(allowedError)
    .sort((a, b) => a - b);
  const middle = errors[Math.floor(errors.length / 2)] ?? 0;
  return (tensor) => (tensor.norm < ZERO ? allowedError(tensor) : Math.max(allowedError(tensor), middle));
}

/** The step up to the gradients, run once. @returns every output by name */
export async function firstStep(golden: Golden, target: Target): Promise<Map<string, FloatTensor>> {
  const forward = forwardGraph(goldenConfig(golden));
  const trainable = [...forward.parameters.values()].filter((parameter) => parameter.trainable);
  const gradient = differentiate(
    forward,
    "loss",
    trainable.map(({ value }) => value.name),
  );
  const graph = lower(gradient, target);
  const { instances, dim, seed, batch: batchSize, imageSize } = golden.case;
  const batch = await (await goldenBatches(golden))(0);
  const rows = int64s([batchSize]);
  batch.rows.forEach((row, at) => (rows.data[at] = BigInt(row)));
  const parameters = [...initializeParameters(forward, seed)].map(([name, data]): [string, HostTensor] => [
    name,
    floats(forward.parameters.get(name)!.value.shape as readonly number[], data),
  ]);
  const inputs = graph.inputs.map((value) => ({ ...value, shape: [...value.shape], role: "input" as const }));
  const feeds = new Map<string, HostTensor>([
    ...parameters,
    ...new DropoutNoise({ tensors: inputs }, seed).at(0),
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

/** Losses of the first steps, by the graph of train_step.onnx and the loop's own classes. */
export async function trainSteps(golden: Golden, steps: number, target: Target): Promise<number[]> {
  const { instances, dim, seed, learningRate, imageSize, batch } = golden.case;
  const [side] = imageSize;
  const { manifest, files, sources } = buildArtifact({
    recipe: { ...goldenConfig(golden), accumulation: 1 },
    preprocessing: { imageSize: side, resize: side, mean: [0, 0, 0], std: [1, 1, 1] },
    seed,
  });
  const initial = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
  const state = new TrainState({ ...manifest, files: {} }, initial, FILES.state);
  const bank = floats([instances, dim], initializeBank(instances, dim, seed));
  const model = encodeGraph(FILES.trainStep, lower(sources!.get(FILES.trainStep)!, target), manifest);
  const session = await openSession(model, FILES.trainStep, {
    ep: "cpu",
    threads: THREADS,
  });
  const memory = hostMemory(state, bank, { trainStep: session, accumulateStep: null });
  const step = new TrainStep(memory, [batch, 3, ...imageSize]);
  const dropout = new DropoutNoise(manifest, seed);
  const batchOf = await goldenBatches(golden);
  const losses: number[] = [];
  for (let at = 0; at < steps; at++) {
    const fed = { ...(await batchOf(at)), inputs: dropout.at(at), step: at };
    losses.push(await step.run(fed, learningRate, `step ${at + 1}`));
  }
  await session.close();
  return losses;
}

/** Asserts for all tensors at once that they are PyTorch's, so that a failure shows every one that is not. */
export function assertClose(
  golden: Golden,
  tensors: GoldenTensors,
  find: Find,
  tolerance = allowedError,
): void {
  const faults = Object.entries(tensors).flatMap(([name, tensor]) => {
    const found = find(name);
    assert.deepEqual(found?.shape, tensor.shape, `${name} is computed, in PyTorch's shape`);
    const error = relativeError(golden, name, tensor, found.data);
    const most = tolerance(tensor);
    return error <= most ? [] : [`${name} by ${error.toExponential(1)}, expected ${most.toExponential(1)}`];
  });
  assert.deepEqual(faults, [], "relative distance from float64");
}

/** "worst 1.8 times: layer2.1.bn1.bias" */
export function worst(golden: Golden, tensors: GoldenTensors, find: Find): string {
  const [first] = Object.entries(tensors)
    .map(([name, tensor]) => {
      const times = (FACTOR * relativeError(golden, name, tensor, find(name)!.data)) / allowedError(tensor);
      return { name, times };
    })
    .sort((a, b) => b.times - a.times);
  return first ? `worst ${first.times.toFixed(2)} times: ${first.name}` : "none";
}

export const relative = (found: number, truth: number): number => Math.abs(found - truth) / Math.abs(truth);

/** Tests that a golden case and our graph have the same inputs, to the bit, and the same parameters. */
export function startsAlike(golden: Golden): void {
  const { gradients, runningStatistics } = golden.firstStep;

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
}
