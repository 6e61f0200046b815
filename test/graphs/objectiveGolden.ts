/** @file Runs the step of a case of tools/makeObjectiveGolden.py with our graphs. */

import {
  forwardGraph,
  trainStepGraph,
  type ObjectiveConfig,
  type TrainStepConfig,
} from "../../graphs/index.js";
import { initializeBank, initializeParameters } from "../../src/build/initialize.js";
import { differentiate } from "../../src/grad/differentiate.js";
import type { Graph } from "../../src/ir/graph.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../../src/runtime/session.js";
import { DropoutNoise } from "../../src/train/dropoutNoise.js";
import { drawNoise } from "../../src/train/noise.js";
import { openGraph, runGraph } from "../support/runGraph.js";
import { goldenBatches, goldenConfig, readCase, type Golden } from "./golden.js";

export interface ObjectiveGolden extends Omit<Golden, "case" | "firstStep"> {
  readonly case: Golden["case"] & {
    readonly objective: "nce" | "infonce" | "parametric";
    readonly negatives: number;
    readonly ownAsNoise: boolean;
    readonly epsilon: number;
    readonly proximal: number;
    readonly logNormalizer: number | null;
  };
  /** The file that holds the running statistics. */
  readonly forward: string;
  /** `float32Error`: the larger one of that at the sampled positions and that of the whole tensor. */
  readonly gradients: Readonly<Record<string, { readonly float32Error: number; readonly values: string }>>;
}

/** @param name "resnet50-nce" */
export const readObjectiveGolden = (name: string): ObjectiveGolden =>
  readCase(`objectives/${name}`) as ObjectiveGolden;

export const objectiveConfig = (golden: ObjectiveGolden): TrainStepConfig => ({
  ...goldenConfig(golden),
  objective: objectiveOf(golden),
});

function objectiveOf({ case: golden }: ObjectiveGolden): ObjectiveConfig {
  const { instances, temperature, negatives, epsilon, proximal, ownAsNoise } = golden;
  const noise = { positive: ownAsNoise, duplicates: true };
  const shared = { temperature, proximal, negatives, noiseForm: "gather", noise } as const;
  if (golden.objective === "parametric") return { name: "parametric", instances };
  return golden.objective === "nce"
    ? { name: "nce", ...shared, epsilon, normalizer: { mode: "first" } }
    : { name: "infonce", ...shared };
}

export const objectiveBank = ({ case: { instances, dim, seed } }: ObjectiveGolden): FloatTensor =>
  floats([instances, dim], initializeBank(instances, dim, seed));

type Feeds = ReadonlyMap<string, HostTensor>;

/** Loss, gradients and statistics of the first step, by name. */
export async function firstStep(golden: ObjectiveGolden): Promise<Map<string, Float32Array>> {
  const forward = forwardGraph(objectiveConfig(golden));
  const graph = differentiate(forward, "loss", Object.keys(golden.gradients));
  const feeds = await (await feedsOf(golden, graph))(0);
  const parameters = [...initializeParameters(forward, golden.case.seed)].map(
    ([name, data]): [string, HostTensor] => [
      name,
      floats(forward.parameters.get(name)!.value.shape as readonly number[], data),
    ],
  );
  return runGraph(graph, new Map([...feeds, ...parameters, ["bank", objectiveBank(golden)]]));
}

/** Losses of the case's steps. */
export async function trainSteps(golden: ObjectiveGolden): Promise<number[]> {
  const { batch, dim, instances, steps, seed } = golden.case;
  const graph = trainStepGraph(objectiveConfig(golden));
  const feedsAt = await feedsOf(golden, graph);
  const session = await openGraph(graph);
  const bank = objectiveBank(golden);
  let state = initialState(graph, seed);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const feeds: Feeds = new Map([...state, ...(await feedsAt(step)), ["bank", bank]]);
    const [loss, rows] = [floats([]), floats([batch, dim])];
    const next = new Map([...state].map(([key, { shape }]) => [key, floats(shape)]));
    const into = new Map([...next].map(([key, tensor]) => [`${key}.next`, tensor]));
    await session.run(feeds, new Map([...into, ["loss", loss], ["bank_rows", rows]]));
    losses.push(loss.data[0]!);
    bank.data.set(rows.data, ((batch * step) % instances) * dim);
    state = next;
  }
  await session.close();
  return losses;
}

/** Pictures, rows and noise of a step, from 0, as tools/makeObjectiveGolden.py has them. */
async function feedsOf(golden: ObjectiveGolden, graph: Graph): Promise<(step: number) => Promise<Feeds>> {
  const { batch, instances, negatives, imageSize, seed, ownAsNoise, logNormalizer, learningRate } =
    golden.case;
  const batchAt = await goldenBatches(golden);
  const inputs = graph.inputs.map((value) => ({ ...value, shape: [...value.shape], role: "input" as const }));
  const dropout = new DropoutNoise({ tensors: inputs }, seed);
  const scalar = (value: number) => floats([], Float32Array.of(value));
  return async (step) => {
    const { pixelValues, rows } = await batchAt(step);
    const own = int64s([batch]);
    rows.forEach((row, at) => (own.data[at] = BigInt(row)));
    const noise = int64s([batch, negatives]);
    drawNoise({ instances, negatives, positive: ownAsNoise, duplicates: true }, rows, seed, step, noise.data);
    return new Map<string, HostTensor>([
      ...dropout.at(step),
      ["pixel_values", floats([batch, 3, ...imageSize], pixelValues)],
      ["rows", own],
      ["noise_rows", noise],
      ["log_noise_ratio", scalar(Math.log(negatives / instances))],
      ["log_normalizer", scalar(logNormalizer ?? 0)],
      ["learning_rate", scalar(learningRate)],
    ]);
  };
}

function initialState(graph: Graph, seed: number): Map<string, FloatTensor> {
  const parameters = initializeParameters(graph, seed);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  return new Map(
    graph.inputs
      .filter(({ name }) => outputs.has(`${name}.next`))
      .map(({ name, shape }) => [name, floats(shape as readonly number[], parameters.get(name))]),
  );
}
