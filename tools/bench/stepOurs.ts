/**
 * @file Our side of step.ts and memory.ts, which start it: training steps as `train` takes them, on one batch.
 *
 *     node dist/tools/bench/stepOurs.js FOLDER
 *
 * FOLDER is of writeCase in stepCases.ts. Prints a line of JSON once the step is ready, then, for each number of steps
 * read from stdin, takes as many and prints {"seconds": ..., "losses": [...]}.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { FILES, type BuiltArtifact } from "../../src/build/buildArtifact.js";
import type { Recipe } from "../../src/build/recipe.js";
import { encodeGraph } from "../../src/build/sourceGraphs.js";
import { decodeModel } from "../../src/codec/decode.js";
import { openSession, runtimeVersion } from "../../src/runtime/node.js";
import { floats } from "../../src/runtime/session.js";
import { lower } from "../../src/lower/lower.js";
import { chooseNoiseForm } from "../../src/train/noiseForm.js";
import { NoiseInputs } from "../../src/train/noiseInputs.js";
import { Normalizer } from "../../src/train/normalizer.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";
import { hostMemory } from "../../src/train/stepMemory.js";
import { TuningCache } from "../../src/tune/cache.js";
import { machineTarget } from "../../src/tune/machine.js";
import { tuneGraphs } from "../../src/tune/tuneGraphs.js";
import { buildStep, SEED, type StepFacts } from "./stepCases.js";

const folder = process.argv[2]!;
const facts = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as StepFacts;
const { threads, tune } = facts;
const readFloats = (name: string): Float32Array<ArrayBuffer> =>
  new Float32Array(Uint8Array.from(readFileSync(join(folder, name))).buffer);

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** The graph that training runs on this machine. */
async function stepModel({ files, sources, manifest }: BuiltArtifact): Promise<Uint8Array> {
  if (tune === "off" || sources === undefined) return files.get(FILES.trainStep)!;
  const graph = sources.get(FILES.trainStep)!;
  const fitted = await machineTarget(threads);
  const cache = new TuningCache(fitted.machine, tell);
  const { choices } = await tuneGraphs([graph], fitted, { mode: tune, cache, progress: () => undefined });
  return encodeGraph(FILES.trainStep, lower(graph, fitted.target, choices), manifest);
}

/** What `train` would make of the recipe: it measures which form of the noise is cheaper. */
async function settled(recipe: Recipe): Promise<Recipe> {
  const { objective } = recipe;
  if (!("noise" in objective)) return recipe;
  const { form } = await chooseNoiseForm(
    { ...recipe, ...objective, instances: facts.instances },
    {
      tune,
      threads,
      say: tell,
    },
  );
  return { ...recipe, objective: { ...objective, noiseForm: form } };
}

function openNoise({ objective, batchSize }: Recipe): NoiseInputs | null {
  if (objective.name !== "nce") return null;
  const normalizer = new Normalizer(objective.normalizer, facts.logNormalizer);
  return new NoiseInputs({ objective, instances: facts.instances, batchSize, seed: SEED, normalizer });
}

async function openStep(recipe: Recipe, model: Uint8Array, built: BuiltArtifact): Promise<TrainStep> {
  const session = await openSession(model, FILES.trainStep, { ep: "cpu", threads });
  const { tensors } = readSafetensors(built.files.get(FILES.state)!, FILES.state);
  const state = new TrainState({ ...built.manifest, files: {} }, tensors, FILES.state);
  const bank = floats([facts.instances, recipe.embeddingDim], readFloats("bank.f32"));
  const shape = [recipe.batchSize, 3, recipe.imageSize, recipe.imageSize];
  const memory = hostMemory(state, bank, { trainStep: session, accumulateStep: null });
  return new TrainStep(memory, shape, openNoise(recipe));
}

// The library loads before memory is measured, as PyTorch does when it is imported.
const onnxruntime = await runtimeVersion();
const bytesBefore = process.memoryUsage.rss();
const recipe = await settled(facts.recipe);
const built = buildStep(recipe);
const model = await stepModel(built);
const step = await openStep(recipe, model, built);
const pixelValues = readFloats("pixels.f32");
const rows = Int32Array.from(
  new BigInt64Array(Uint8Array.from(readFileSync(join(folder, "rows.i64"))).buffer),
  Number,
);
const say = (answer: unknown): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
say({
  versions: { node: process.version, onnxruntime },
  bytesBefore,
  noiseForm: "noiseForm" in recipe.objective ? recipe.objective.noiseForm : null,
  nodes: decodeModel(model, FILES.trainStep).graph.nodes.length,
});

let taken = 0;
for await (const line of createInterface(process.stdin)) {
  const losses: number[] = [];
  const began = performance.now();
  for (let at = 0; at < Number(line); at++, taken++)
    losses.push(await step.run({ pixelValues, rows, step: taken }, facts.learningRate, `step ${taken + 1}`));
  say({ seconds: (performance.now() - began) / 1000, losses });
}
