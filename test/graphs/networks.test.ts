/** @file Every network as torchvision has it: parameters, least picture, initial weights, dropout. */

import assert from "node:assert/strict";
import {
  ARCHITECTURES,
  bankInitGraph,
  encoderGraph,
  forwardGraph,
  stemsOf,
  type ArchitectureName,
  type EncoderConfig,
  type TrainStepConfig,
} from "../../graphs/index.js";
import type { Graph } from "../../src/ir/graph.js";
import { elementCount } from "../../src/ir/shape.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";

/** Of torchvision's models with their 1000 classes, and the length of the features before those. */
const ORIGINALS: Partial<Record<ArchitectureName, readonly [parameters: number, features: number]>> = {
  resnet18: [11_689_512, 512],
  resnet34: [21_797_672, 512],
  resnet50: [25_557_032, 2048],
  resnet101: [44_549_160, 2048],
  resnet152: [60_192_808, 2048],
  alexnet: [61_100_840, 4096],
  vgg16: [138_357_544, 4096],
  vgg16_bn: [138_365_992, 4096],
};
const LEAST = { cifar: 8, imagenet: 32, alexnet: 63, vgg16: 32, vgg16_bn: 32 };

/** The network with the stem that was not made for small pictures, where it has a choice. */
function configOf(arch: ArchitectureName, more: Partial<EncoderConfig> = {}): EncoderConfig {
  const stem = stemsOf(arch).length > 0 ? "imagenet" : null;
  return { arch, stem, width: 64, imageSize: 224, embeddingDim: 1000, ...more };
}

function stepOf(config: EncoderConfig): TrainStepConfig {
  const optimizer = {
    name: "sgd",
    momentum: 0.9,
    nesterov: false,
    weightDecay: 0,
    decayNormAndBias: true,
  } as const;
  const objective = { name: "softmax", temperature: 0.1, proximal: 0 } as const;
  return { ...config, batchSize: 4, objective, bankMomentum: 0.5, optimizer };
}

const trainableOf = (graph: Graph) => [...graph.parameters.values()].filter(({ trainable }) => trainable);
const noiseOf = (graph: Graph) =>
  graph.inputs.filter(({ name }) => name.startsWith("dropout")).map(({ name, shape }) => [name, ...shape]);

describe("networks", () => {
  for (const [arch, [parameters, features]] of Object.entries(ORIGINALS)) {
    it(`${arch} has the ${parameters.toLocaleString("en-US")} parameters of torchvision's`, () => {
      const graph = encoderGraph(configOf(arch as ArchitectureName));
      const counts = trainableOf(graph).map(({ value }) => elementCount(value.shape as readonly number[]));
      assert.equal(
        counts.reduce((sum, count) => sum + count),
        parameters,
      );
      assert.deepEqual(
        graph.outputs.map(({ value }) => value.shape),
        [
          ["batch", 1000],
          ["batch", features],
        ],
      );
    });
  }

  for (const arch of ARCHITECTURES) {
    const stems = stemsOf(arch).length > 0 ? stemsOf(arch) : [null];
    for (const stem of stems) {
      const least = LEAST[stem ?? (arch as "alexnet")];
      it(`${arch}${stem === null ? "" : ` with the ${stem} stem`} takes pictures from ${least} pixels on`, () => {
        const config = configOf(arch, { stem, width: 2, embeddingDim: 3 });
        for (const imageSize of [least, least + 1, 100]) {
          const step = lower(forwardGraph(stepOf({ ...config, imageSize })), cpu);
          assert.deepEqual(step.outputs.find(({ name }) => name === "bank_rows")!.value.shape, [4, 3]);
        }
        assert.throws(() => encoderGraph({ ...config, imageSize: least - 1 }), {
          name: "UsageError",
          message: new RegExp(
            `^image size is ${least - 1}, expected at least ${least}: ${arch} .*; choose larger`,
          ),
        });
      });
    }
  }

  it("say why a picture is too small", () => {
    const refusal = (arch: ArchitectureName) => () => encoderGraph(configOf(arch, { imageSize: 20 }));
    assert.throws(refusal("alexnet"), {
      message:
        "image size is 20, expected at least 63: alexnet pools a smaller picture away; choose larger pictures",
    });
    assert.throws(refusal("vgg16"), {
      message:
        "image size is 20, expected at least 32: vgg16 halves the picture 5 times; choose larger pictures",
    });
  });

  it("take a stem where they have a choice, and only there", () => {
    assert.throws(() => encoderGraph(configOf("vgg16", { stem: "cifar" })), {
      name: "UsageError",
      message: "stem is cifar, expected none: vgg16 has but one kind of first layers; leave it out",
    });
    assert.throws(() => encoderGraph(configOf("resnet18", { stem: null })), {
      name: "UsageError",
      message: "stem is missing, expected one of cifar, imagenet for resnet18",
    });
  });

  it("bear torchvision's names", () => {
    const names = (arch: ArchitectureName) => [...encoderGraph(configOf(arch)).parameters.keys()];
    const both = (layers: readonly string[]) =>
      layers.flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);
    assert.deepEqual(
      names("alexnet"),
      both([...[0, 3, 6, 8, 10].map((at) => `features.${at}`), ...[1, 4, 6].map((at) => `classifier.${at}`)]),
    );
    assert.deepEqual(
      names("vgg16"),
      both([
        ...[0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28].map((at) => `features.${at}`),
        ...[0, 3, 6].map((at) => `classifier.${at}`),
      ]),
    );
    assert.deepEqual(names("vgg16_bn").slice(0, 6), [
      ...both(["features.0", "features.1"]),
      "features.1.running_mean",
      "features.1.running_var",
    ]);
  });
});

describe("initial weights", () => {
  const initialOf = (config: EncoderConfig, name: string) =>
    encoderGraph(config).parameters.get(name)!.initial;

  it("of ResNets are torch.nn's with the CIFAR stem, and He's with the ImageNet stem", () => {
    const name = "layer1.0.conv1.weight"; // [64, 64, 3, 3]
    assert.deepEqual(initialOf(configOf("resnet18", { stem: "cifar" }), name), {
      kind: "uniform",
      bound: 1 / 24,
    });
    assert.deepEqual(initialOf(configOf("resnet18"), name), { kind: "normal", std: Math.sqrt(2 / 576) });
    assert.deepEqual(initialOf(configOf("resnet18"), "fc.weight"), {
      kind: "uniform",
      bound: 1 / Math.sqrt(512),
    });
  });

  it("of AlexNet are torch.nn's", () => {
    const bound = 1 / Math.sqrt(3 * 11 * 11);
    for (const name of ["features.0.weight", "features.0.bias"])
      assert.deepEqual(initialOf(configOf("alexnet"), name), { kind: "uniform", bound });
    assert.deepEqual(initialOf(configOf("alexnet"), "classifier.6.bias"), { kind: "uniform", bound: 1 / 64 });
  });

  it("of VGG are He's for convolutions, normal of 0.01 for linear layers, biases 0", () => {
    const config = configOf("vgg16");
    assert.deepEqual(initialOf(config, "features.0.weight"), { kind: "normal", std: Math.sqrt(2 / 576) });
    assert.deepEqual(initialOf(config, "classifier.6.weight"), { kind: "normal", std: 0.01 });
    for (const name of ["features.0.bias", "classifier.0.bias", "classifier.6.bias"])
      assert.deepEqual(initialOf(config, name), { kind: "constant", value: 0 });
  });
});

describe("dropout", () => {
  it("asks for noise in training, and not for embeddings or to fill the bank", () => {
    const config = configOf("alexnet", { width: 2, imageSize: 63 });
    assert.deepEqual(noiseOf(forwardGraph(stepOf(config))), [
      ["dropout_noise.0", 4, 8 * 36],
      ["dropout_noise.1", 4, 128],
    ]);
    assert.deepEqual(noiseOf(encoderGraph(config)), []);
    assert.deepEqual(noiseOf(bankInitGraph(config, 4)), []);
  });
});
