/** @file What a training step does beside the loss and its gradients, against the formulas in float64. */

import assert from "node:assert/strict";
import {
  encoderGraph,
  forwardGraph,
  momentumName,
  nextName,
  trainStepGraph,
  type TrainStepConfig,
} from "../../graphs/index.js";
import { encodeModel } from "../../src/codec/encode.js";
import { differentiate, gradientName } from "../../src/grad/differentiate.js";
import type { Graph } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { RandomStream } from "../../src/random/philox.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../../src/runtime/session.js";
import { initializeParameters } from "../../src/build/initialize.js";

const INSTANCES = 20;
const CONFIG: TrainStepConfig = {
  arch: "resnet18",
  stem: "cifar",
  width: 2,
  imageSize: 8,
  batchSize: 4,
  objective: "softmax",
  embeddingDim: 8,
  temperature: 0.1,
  bankMomentum: 0.25,
  optimizer: { momentum: 0.9, weightDecay: 0.05 },
};
const RATE = 0.3;
const ROWS = [7, 0, 19, 3];
/** Of float32, with room for the order of sums. */
const TOLERANCE = 1e-5;

function random(shape: readonly number[], ...labels: string[]): FloatTensor {
  const stream = new RandomStream(1, ...labels);
  const tensor = floats(shape);
  tensor.data.forEach((_, at) => (tensor.data[at] = stream.normal()));
  return tensor;
}

/** Numbers for every input: parameters as at the start, velocities and bank random. */
function feedsOf(graph: Graph): Map<string, HostTensor> {
  const parameters = initializeParameters(graph, 3);
  const rows = int64s([ROWS.length]);
  ROWS.forEach((row, at) => (rows.data[at] = BigInt(row)));
  const feeds = graph.inputs.map(({ name, shape }): [string, HostTensor] => {
    if (name === "rows") return [name, rows];
    if (name === "learning_rate") return [name, floats([], Float32Array.of(RATE))];
    const sizes = shape.map((dim) => (typeof dim === "number" ? dim : INSTANCES));
    const data = parameters.get(name);
    return [name, data ? floats(sizes, data) : random(sizes, name)];
  });
  return new Map(feeds);
}

async function run(graph: Graph): Promise<Map<string, FloatTensor>> {
  const lowered = lower(graph, cpu);
  const outputs = new Map(
    lowered.outputs.map(({ name, value }) => [name, floats(value.shape as readonly number[])]),
  );
  const session = await openSession(encodeModel(lowered, { producerVersion: "0" }), "step", {
    ep: "cpu",
    threads: 1,
  });
  await session.run(feedsOf(graph), outputs);
  await session.close();
  return outputs;
}

function assertClose(found: FloatTensor, expected: readonly number[], what: string): void {
  const distance = Math.hypot(...expected.map((number, at) => found.data[at]! - number));
  const norm = Math.hypot(...expected);
  assert.ok(norm > 0 && distance <= TOLERANCE * norm, `${what}: ${distance} of ${norm}`);
}

function trainableOf(graph: Graph): string[] {
  return [...graph.parameters.values()].filter(({ trainable }) => trainable).map(({ value }) => value.name);
}

describe("trainStepGraph", () => {
  const step = trainStepGraph(CONFIG);
  const names = trainableOf(step);
  let stepped: Map<string, FloatTensor>;
  let gradients: Map<string, FloatTensor>;

  before(async () => {
    stepped = await run(step);
    gradients = await run(differentiate(forwardGraph(CONFIG), "loss", names));
  });

  it("moves every parameter as SGD with momentum and weight decay does", () => {
    const feeds = feedsOf(step);
    for (const name of names) {
      const weight = Array.from(feeds.get(name)!.data as Float32Array);
      const velocity = feeds.get(momentumName(name))!.data as Float32Array;
      const gradient = gradients.get(gradientName(name))!.data;
      const next = weight.map((w, at) => 0.9 * velocity[at]! + gradient[at]! + 0.05 * w);
      assertClose(stepped.get(nextName(momentumName(name)))!, next, `velocity of ${name}`);
      assertClose(
        stepped.get(nextName(name))!,
        weight.map((w, at) => w - RATE * next[at]!),
        name,
      );
    }
    assert.equal(names.length, 62, "as many trainable tensors as torchvision's resnet18 has");
  });

  it("computes the bank rows from the bank as it was", async () => {
    const { bankMomentum: kept } = CONFIG;
    const bank = feedsOf(step).get("bank")!.data as Float32Array;
    const embeddings = (await run(trainStepGraph({ ...CONFIG, bankMomentum: 0 }))).get("bank_rows")!.data;
    const dim = CONFIG.embeddingDim;
    const expected = ROWS.flatMap((row, at) => {
      const mixed = Array.from(
        { length: dim },
        (_, axis) => kept * bank[row * dim + axis]! + (1 - kept) * embeddings[at * dim + axis]!,
      );
      return mixed.map((number) => number / Math.hypot(...mixed));
    });
    assertClose(stepped.get("bank_rows")!, expected, "bank rows");
  });

  it("computes the loss of the non-parametric softmax", async () => {
    const bank = feedsOf(step).get("bank")!.data as Float32Array;
    const embeddings = (await run(trainStepGraph({ ...CONFIG, bankMomentum: 0 }))).get("bank_rows")!.data;
    const dim = CONFIG.embeddingDim;
    const loss = ROWS.map((row, at) => {
      const logits = Array.from({ length: INSTANCES }, (_, other) => {
        const products = Array.from(
          { length: dim },
          (_, axis) => embeddings[at * dim + axis]! * bank[other * dim + axis]!,
        );
        return products.reduce((a, b) => a + b) / CONFIG.temperature;
      });
      return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[row]!;
    });
    assertClose(stepped.get("loss")!, [loss.reduce((a, b) => a + b) / ROWS.length], "loss");
  });

  it("has a next value for every parameter, statistic and velocity", () => {
    const outputs = step.outputs.map(({ name }) => name);
    const state = step.inputs
      .map(({ name }) => name)
      .filter((name) => !["pixel_values", "rows", "bank", "learning_rate"].includes(name));
    assert.deepEqual(outputs.sort(), ["loss", "bank_rows", ...state.map(nextName)].sort());
  });

  it("has a bank of any length", () => {
    assert.deepEqual(step.inputs.find(({ name }) => name === "bank")!.shape, [
      "instances",
      CONFIG.embeddingDim,
    ]);
  });
});

describe("encoderGraph", () => {
  it("takes a batch of any size, and has torchvision's parameters", () => {
    const encoder = encoderGraph({
      ...CONFIG,
      arch: "resnet50",
      stem: "imagenet",
      width: 64,
      imageSize: 224,
      embeddingDim: 1000,
    });
    assert.deepEqual(encoder.inputs[0], {
      name: "pixel_values",
      dtype: "float32",
      shape: ["batch", 3, 224, 224],
    });
    assert.deepEqual(
      encoder.outputs.map(({ name, value }) => [name, value.shape]),
      [
        ["image_embeds", ["batch", 1000]],
        ["pooler_output", ["batch", 2048]],
      ],
    );
    const trainable = [...encoder.parameters.values()].filter((parameter) => parameter.trainable);
    const count = trainable.reduce(
      (sum, { value }) => sum + value.shape.reduce<number>((n, dim) => n * (dim as number), 1),
      0,
    );
    assert.equal(count, 25_557_032, "the parameters of torchvision's resnet50");
  });
});

describe("networks", () => {
  const refused = [
    { stem: "cifar", imageSize: 7, least: 8, halvings: 3, rest: "choose larger pictures" },
    {
      stem: "imagenet",
      imageSize: 31,
      least: 32,
      halvings: 5,
      rest: "choose larger pictures or the cifar stem",
    },
  ] as const;

  for (const { stem, imageSize, least, halvings, rest } of refused) {
    it(`refuse pictures of ${imageSize} pixels with the ${stem} stem, and take ${least}`, () => {
      assert.throws(() => encoderGraph({ ...CONFIG, stem, imageSize }), {
        name: "UsageError",
        message: `image size is ${imageSize}, expected at least ${least}: resnet18 with the ${stem} stem halves the picture ${halvings} times; ${rest}`,
      });
      assert.equal(encoderGraph({ ...CONFIG, stem, imageSize: least }).outputs.length, 2);
    });
  }

  it("refuse a batch with one number per channel, whose variance is unknown", () => {
    assert.throws(() => forwardGraph({ ...CONFIG, batchSize: 1 }), {
      name: "ShapeError",
      message: /expected at least 2 numbers per channel.*raise the batch size or the image size/,
    });
  });
});
