/**
 * @file The networks as listings in test/golden/listings, so that a change to one is a diff that people can read.
 * UPDATE_GOLDEN=1 npm test writes them anew.
 */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  accumulateStepGraph,
  addObjective,
  bankWriteGraph,
  encoderGraph,
  finiteCheckGraph,
  forwardGraph,
  trainStepGraph,
  type ObjectiveConfig,
  type TrainStepConfig,
} from "../../graphs/index.js";
import type { Graph } from "../../src/ir/graph.js";
import { printGraph } from "../../src/ir/print.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { ROOT } from "../support/sources.js";

const FOLDER = join(ROOT, "test/golden/listings");

const CIFAR: TrainStepConfig = {
  arch: "resnet18",
  stem: "cifar",
  width: 64,
  imageSize: 32,
  batchSize: 32,
  objective: { name: "softmax", temperature: 0.1, proximal: 0 },
  embeddingDim: 128,
  bankMomentum: 0.5,
  optimizer: { name: "sgd", momentum: 0.9, nesterov: false, weightDecay: 5e-4, decayNormAndBias: true },
};
const NARROW = { ...CIFAR, width: 16 };

const LISTINGS: Readonly<Record<string, () => Graph>> = {
  "encoder-resnet18-cifar": () => encoderGraph(CIFAR),
  "encoder-resnet18-imagenet": () => encoderGraph({ ...CIFAR, stem: "imagenet", imageSize: 64 }),
  "encoder-resnet50-imagenet": () =>
    encoderGraph({ ...CIFAR, arch: "resnet50", stem: "imagenet", imageSize: 64 }),
  "encoder-alexnet": () => encoderGraph({ ...CIFAR, arch: "alexnet", stem: null, imageSize: 224 }),
  // 100 pixels leave 3×3 maps for windows of unequal size.
  "encoder-vgg16": () => encoderGraph({ ...CIFAR, arch: "vgg16", stem: null, imageSize: 100 }),
  "encoder-vgg16_bn": () => encoderGraph({ ...CIFAR, arch: "vgg16_bn", stem: null, imageSize: 224 }),
  "forward-alexnet": () => forwardGraph({ ...NARROW, arch: "alexnet", stem: null, imageSize: 63 }),
  "forward-resnet18-cifar": () => forwardGraph(NARROW),
  "train-step-resnet18-cifar": () => trainStepGraph(NARROW),
  "accumulate-step-resnet10-cifar": () =>
    accumulateStepGraph({ ...NARROW, arch: "resnet10", accumulation: 4 }),
  "train-step-resnet10-cifar-accumulation": () =>
    trainStepGraph({ ...NARROW, arch: "resnet10", accumulation: 4 }),
  // Of the smallest network: lowered, a listing is more than twice as long.
  "bank-write": () => bankWriteGraph({ instances: 50_000, embeddingDim: 128, batchSize: 32 }),
  "finite-check": () =>
    finiteCheckGraph([
      { name: "layer1.0.conv1.weight.next", shape: [64, 64, 3, 3] },
      { name: "step.next", shape: [] },
      ...Array.from({ length: 7 }, (_, at) => ({ name: `layer1.${at}.bn1.bias.next`, shape: [64] })),
    ]),
  "train-step-resnet10-cifar-cpu": () => lower(trainStepGraph({ ...NARROW, arch: "resnet10" }), cpu),
};

const NOISE = {
  temperature: 0.1,
  proximal: 0,
  negatives: 4096,
  noise: { positive: false, duplicates: true },
} as const;

const OBJECTIVES: Readonly<Record<string, ObjectiveConfig>> = {
  parametric: { name: "parametric", instances: 50_000 },
  softmax: { name: "softmax", temperature: 0.1, proximal: 30 },
  nce: { name: "nce", ...NOISE, noiseForm: "gather", epsilon: 0, normalizer: { mode: "first" } },
  "nce-gemm-epsilon-exact": {
    name: "nce",
    ...NOISE,
    noiseForm: "gemm",
    epsilon: 1e-7,
    normalizer: { mode: "exact" },
  },
  infonce: { name: "infonce", ...NOISE, noiseForm: "gather" },
};

/** An objective alone, over embeddings that are given. */
function objectiveGraph(objective: ObjectiveConfig): Graph {
  const builder = new GraphBuilder(`objective_${objective.name}`);
  const embeddings = builder.input("embeddings", "float32", [32, 128]);
  const rows = builder.input("rows", "int64", [32]);
  const bank = objective.name === "parametric" ? null : builder.input("bank", "float32", ["instances", 128]);
  addObjective(builder, embeddings, rows, objective, bank);
  return builder.build();
}

/** "line 3: found …, expected …"; null when they are equal. */
function firstDifference(found: string, expected: string): string | null {
  const [left, right] = [found.split("\n"), expected.split("\n")];
  const at = left.findIndex((line, position) => line !== right[position]);
  if (at < 0 && left.length === right.length) return null;
  const line = at < 0 ? left.length : at;
  return `line ${line + 1}: found "${left[line] ?? "the end"}", expected "${right[line] ?? "the end"}"`;
}

describe("the listing of", () => {
  const objectives = Object.entries(OBJECTIVES).map(
    ([name, config]) => [`objective-${name}`, () => objectiveGraph(config)] as const,
  );
  const listings = [...Object.entries(LISTINGS), ...objectives];

  for (const [name, build] of listings) {
    it(name, () => {
      const path = join(FOLDER, `${name}.txt`);
      const found = printGraph(build());
      if (process.env["UPDATE_GOLDEN"] === "1") {
        mkdirSync(FOLDER, { recursive: true });
        writeFileSync(path, found);
      }
      assert.ok(existsSync(path), `${path} is missing; write it with UPDATE_GOLDEN=1`);
      const difference = firstDifference(found, readFileSync(path, "utf8"));
      assert.equal(
        difference,
        null,
        `${difference}; if this was meant, UPDATE_GOLDEN=1 writes the listing anew`,
      );
    });
  }

  it("every file is that of a graph listed here", () => {
    assert.deepEqual(readdirSync(FOLDER).sort(), listings.map(([name]) => `${name}.txt`).sort());
  });
});
