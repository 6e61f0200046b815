/**
 * @file Training steps whose state stays on a device, and the same steps on the CPU: which are told apart by rounding only.
 * The settings are calm ones, so that rounding stays small: at small batches and high rates every digit is soon another.
 */

import { nextName } from "../../graphs/index.js";
import { initializeBank, initializeParameters } from "../../src/build/initialize.js";
import { FILES, sourceGraphs } from "../../src/build/sourceGraphs.js";
import { checkRecipe, DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { encodeModel } from "../../src/codec/encode.js";
import type { Graph } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import type { Target } from "../../src/lower/target.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { webgpu } from "../../src/lower/targets/webgpu.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { RandomStream } from "../../src/random/philox.js";
import type { AnyTensor, Device, DeviceTensor } from "../../src/runtime/device.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../../src/runtime/session.js";

const INSTANCES = 200;
const DIM = 32;
const NEGATIVES = 64;
const TEMPERATURE = 0.3;
const LEARNING_RATE = 1e-4;
/** About ln Σ exp(s/τ) over rows that are all alike, as those of an untrained network are. */
const LOG_NORMALIZER = Math.log(INSTANCES) + 1 / TEMPERATURE;

export interface TrainingCase {
  readonly objective: "softmax" | "nce";
  readonly batchSize: number;
  /** Pixels. */
  readonly imageSize: number;
  readonly steps: number;
}

export interface Trained {
  readonly losses: readonly number[];
  readonly state: ReadonlyMap<string, Float32Array>;
  readonly bank: Float32Array;
}

/** ResNet-18, an eighth as wide as the original. */
function stepGraph({ objective, batchSize, imageSize }: TrainingCase): Graph {
  const nce = { name: "nce", negatives: NEGATIVES, noiseForm: "gather", epsilon: 0 } as const;
  const noise = { noise: { positive: false, duplicates: true }, normalizer: { mode: "first" } } as const;
  const common = { temperature: TEMPERATURE, proximal: 0 };
  const recipe: Recipe = {
    ...DEFAULT_RECIPE,
    ...{ width: 8, batchSize, imageSize, embeddingDim: DIM },
    objective: objective === "nce" ? { ...nce, ...noise, ...common } : { name: "softmax", ...common },
  };
  return sourceGraphs(checkRecipe(recipe)).get(FILES.trainStep)!;
}

/** Waves of random direction and colour. */
function picturesOf(stream: RandomStream, shape: readonly number[]): FloatTensor {
  const tensor = floats(shape);
  const side = shape[3]!;
  for (let first = 0; first < tensor.data.length; first += side * side) {
    const [u, v, phase, level] = [stream.normal(), stream.normal(), stream.normal(), stream.normal()];
    for (let at = 0; at < side * side; at++)
      tensor.data[first + at] =
        level + Math.sin((2 * Math.PI * (u * (at % side) + v * Math.floor(at / side))) / side + 3 * phase);
  }
  return tensor;
}

function rowsOf(stream: RandomStream, shape: readonly number[]): HostTensor {
  const rows = int64s(shape);
  // Apart, so that no row comes twice in a batch.
  rows.data.forEach((_, at) => {
    const part = Math.floor(INSTANCES / shape[0]!);
    rows.data[at] =
      shape.length === 1 ? BigInt(at * part + stream.below(part)) : BigInt(stream.below(INSTANCES));
  });
  return rows;
}

/** What a step is given from outside; the same on every call. */
function batchFeeds(training: TrainingCase, step: number): Map<string, HostTensor> {
  const { batchSize, imageSize, objective } = training;
  const stream = new RandomStream(step, "batch");
  const scalar = (value: number) => floats([], Float32Array.of(value));
  const feeds = new Map<string, HostTensor>([
    ["pixel_values", picturesOf(stream, [batchSize, 3, imageSize, imageSize])],
    ["rows", rowsOf(stream, [batchSize])],
    ["learning_rate", scalar(LEARNING_RATE)],
  ]);
  if (objective === "softmax") return feeds;
  return feeds
    .set("noise_rows", rowsOf(stream, [batchSize, NEGATIVES]))
    .set("log_noise_ratio", scalar(Math.log(NEGATIVES / INSTANCES)))
    .set("log_normalizer", scalar(LOG_NORMALIZER));
}

/** Every tensor that a step replaces, as it starts. */
function startOf(graph: Graph): Map<string, FloatTensor> {
  const parameters = initializeParameters(graph, 1);
  const replaced = new Set(graph.outputs.map(({ name }) => name));
  const state = graph.inputs.filter(({ name }) => replaced.has(nextName(name)));
  return new Map(state.map(({ name, shape }) => [name, floats(shape as number[], parameters.get(name))]));
}

const startBank = () => floats([INSTANCES, DIM], initializeBank(INSTANCES, DIM, 1));

const modelOf = (graph: Graph, target: Target) =>
  encodeModel(lower(graph, target), { producerVersion: "test" });

/** Writes rows in place. The rows come as [B, 1]: WebGPU cannot shape whole numbers of 64 bits. */
function bankWriteModel(batchSize: number): Uint8Array {
  const builder = new GraphBuilder("bank_write");
  const bank = builder.input("bank", "float32", [INSTANCES, DIM]);
  const rows = builder.input("rows", "int64", [batchSize, 1]);
  const bankRows = builder.input("bank_rows", "float32", [batchSize, DIM]);
  builder.output("bank.next", builder.op.scatterNd(bank, rows, bankRows));
  return modelOf(builder.build(), webgpu);
}

/** Feeds and places of one step: state is read from one copy and written to the other. */
function bindings<T extends AnyTensor>(
  training: TrainingCase,
  step: number,
  copies: ReadonlyMap<string, readonly [T, T]>,
) {
  const feeds = new Map<string, AnyTensor>(batchFeeds(training, step));
  const into = new Map<string, AnyTensor>();
  for (const [name, pair] of copies) {
    feeds.set(name, pair[step % 2]!);
    into.set(nextName(name), pair[(step + 1) % 2]!);
  }
  return { feeds, into };
}

export async function trainOnDevice(device: Device, training: TrainingCase): Promise<Trained> {
  const graph = stepGraph(training);
  const session = await device.openSession(modelOf(graph, webgpu), FILES.trainStep);
  const write = await device.openSession(bankWriteModel(training.batchSize), "bank_write");
  const place = async (tensor: FloatTensor): Promise<DeviceTensor> => {
    const placed = await device.allocate(tensor.dtype, tensor.shape);
    await device.upload(tensor, placed);
    return placed;
  };
  const copies = new Map<string, readonly [DeviceTensor, DeviceTensor]>();
  for (const [name, tensor] of startOf(graph))
    copies.set(name, [await place(tensor), await device.allocate(tensor.dtype, tensor.shape)]);
  const bank = await place(startBank());
  const bankRows = await device.allocate("float32", [training.batchSize, DIM]);
  const loss = floats([]);
  const losses: number[] = [];
  for (let step = 0; step < training.steps; step++) {
    const { feeds, into } = bindings(training, step, copies);
    const rows = { ...feeds.get("rows")!, shape: [training.batchSize, 1] };
    await session.run(feeds.set("bank", bank), into.set("loss", loss).set("bank_rows", bankRows));
    await write.run(
      new Map<string, AnyTensor>([
        ["bank", bank],
        ["rows", rows],
        ["bank_rows", bankRows],
      ]),
      new Map([["bank.next", bank]]),
    );
    losses.push(loss.data[0]!);
  }
  const fetch = async (tensor: DeviceTensor): Promise<Float32Array> => {
    const host = floats(tensor.shape);
    await device.download(tensor, host);
    return host.data;
  };
  const state = new Map<string, Float32Array>();
  for (const [name, pair] of copies) state.set(name, await fetch(pair[training.steps % 2]!));
  return { losses, state, bank: await fetch(bank) };
}

export async function trainOnCpu(training: TrainingCase): Promise<Trained> {
  const graph = stepGraph(training);
  const session = await openSession(modelOf(graph, cpu), FILES.trainStep, { ep: "cpu", threads: 1 });
  const copies = new Map(
    [...startOf(graph)].map(([name, tensor]) => [name, [tensor, floats(tensor.shape)] as const]),
  );
  const bank = startBank();
  const [loss, bankRows] = [floats([]), floats([training.batchSize, DIM])];
  const losses: number[] = [];
  for (let step = 0; step < training.steps; step++) {
    const { feeds, into } = bindings(training, step, copies) as {
      feeds: Map<string, HostTensor>;
      into: Map<string, HostTensor>;
    };
    await session.run(feeds.set("bank", bank), into.set("loss", loss).set("bank_rows", bankRows));
    const rows = feeds.get("rows")!.data as BigInt64Array;
    rows.forEach((row, at) =>
      bank.data.set(bankRows.data.subarray(at * DIM, (at + 1) * DIM), Number(row) * DIM),
    );
    losses.push(loss.data[0]!);
  }
  await session.close();
  const state = new Map([...copies].map(([name, pair]) => [name, pair[training.steps % 2]!.data]));
  return { losses, state, bank: bank.data };
}
