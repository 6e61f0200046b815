/**
 * @file What the time to the first training step is made of: a process that does one thing after the other, as `train`
 * does where shapes alone choose how operators are computed, and says how long each took. firstStep.ts starts it.
 *
 *     node dist/tools/bench/firstStepParts.js '{"width":16}'
 *
 * Takes a recipe as JSON, whatever it leaves out as it is by default, with the softmax. Prints a line of JSON: milliseconds
 * by part, in their order.
 */

import { availableParallelism } from "node:os";
import { bankInitGraph, encoderGraph, trainStepGraph } from "../../graphs/index.js";
import { initializeParameters, initializeUnitBank } from "../../src/build/initialize.js";
import { checkRecipe, DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { encodeModel } from "../../src/codec/encode.js";
import type { Graph } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { openSession, runtimeVersion } from "../../src/runtime/node.js";
import { floats, int64s, type HostTensor } from "../../src/runtime/session.js";
import { machineTarget } from "../../src/tune/machine.js";
import { VERSION } from "../../src/version.js";

const INSTANCES = 256;
const SEED = 0;

const parts: Record<string, number> = { "process and modules": performance.now() };

async function timed<T>(part: string, work: () => T | Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work();
  parts[part] = performance.now() - began;
  return result;
}

const recipe: Recipe = { ...DEFAULT_RECIPE, ...(JSON.parse(process.argv[2]!) as Partial<Recipe>) };
const config = checkRecipe(recipe);
const encode = (graph: Graph) => encodeModel(graph, { producerVersion: VERSION });

/** Some value of every input: what a step computes does not matter here. */
function feedsOf(graph: Graph, weights: ReadonlyMap<string, Float32Array<ArrayBuffer>>) {
  const feeds = graph.inputs.map(({ name, dtype, shape }): [string, HostTensor] => {
    if (name === "bank") {
      const bank = initializeUnitBank(INSTANCES, recipe.embeddingDim, SEED);
      return [name, floats([INSTANCES, recipe.embeddingDim], bank)];
    }
    const sizes = shape as readonly number[];
    return [name, dtype === "int64" ? int64s(sizes) : floats(sizes, weights.get(name))];
  });
  const into = graph.outputs.map(({ name, value }): [string, HostTensor] => [
    name,
    floats(value.shape as readonly number[]),
  ]);
  return { feeds: new Map(feeds), into: new Map(into) };
}

const graph = await timed("graph of the step", () => trainStepGraph(config));
const lowered = await timed("lowering", () => lower(graph, cpu));
await timed("encoding", () => encode(lowered));
await timed("the other graphs", () => {
  for (const other of [bankInitGraph(config, config.batchSize), encoderGraph(config)])
    encode(lower(other, cpu));
});
const weights = await timed("initial weights", () => initializeParameters(lowered, SEED));
await timed("loading the runtime", () => runtimeVersion());
const { target } = await timed("this machine", () => machineTarget(availableParallelism()));
const fitted = await timed("lowering for this machine", () => lower(graph, target));
const model = encode(fitted);
const session = await timed("session", () => openSession(model, "train_step.onnx", { ep: "cpu" }));
const { feeds, into } = feedsOf(fitted, weights);
await timed("first step", () => session.run(feeds, into));
await timed("second step", () => session.run(feeds, into));
await session.close();
process.stdout.write(`${JSON.stringify(parts)}\n`);
