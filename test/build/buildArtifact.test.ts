import assert from "node:assert/strict";
import { ARCHITECTURES } from "../../graphs/index.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { checkRecipe, DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { decodeModel } from "../../src/codec/decode.js";
import { asFloat32 } from "../../src/ir/rawTensor.js";

const RECIPE: Recipe = { ...DEFAULT_RECIPE, width: 2, imageSize: 8, batchSize: 4, embeddingDim: 8 };
const PREPROCESSING = { imageSize: 8, resize: 8, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
const build = (seed = 0, recipe = RECIPE) => buildArtifact({ recipe, preprocessing: PREPROCESSING, seed });

describe("buildArtifact", () => {
  it("gives the same bytes for equal options", () => {
    const [first, second] = [build(), build()];
    assert.deepEqual(first.manifest, second.manifest);
    for (const [name, bytes] of first.files) assert.deepEqual(second.files.get(name), bytes, name);
  });

  it("leaves weights out of the training models, and binds those of the state in the encoder", () => {
    const { files } = build();
    const tensorsOf = (name: string) => decodeModel(files.get(name)!, name).tensors;
    assert.deepEqual([tensorsOf(FILES.trainStep).size, tensorsOf(FILES.bankInit).size], [0, 0]);
    const state = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
    const bound = tensorsOf(FILES.encoder);
    assert.deepEqual([...bound.keys()].sort(), [...state.keys()].sort());
    for (const [name, { bytes }] of bound) assert.deepEqual([...bytes], [...state.get(name)!.bytes], name);
  });

  it("draws weights from the seed, and starts statistics at 0 and 1", () => {
    const weight = (seed: number, name: string) =>
      asFloat32(readSafetensors(build(seed).files.get(FILES.state)!, FILES.state).tensors.get(name)!, name);
    assert.notDeepEqual(weight(0, "conv1.weight"), weight(1, "conv1.weight"));
    assert.deepEqual([...weight(0, "bn1.running_mean")], [0, 0]);
    assert.deepEqual([...weight(0, "bn1.running_var")], [1, 1]);
  });

  it("tells the role of every tensor and what it becomes", () => {
    const { tensors } = build().manifest;
    const find = (name: string) => tensors.find((tensor) => tensor.name === name);
    assert.deepEqual(find("bank"), {
      name: "bank",
      dtype: "float32",
      shape: ["instances", 8],
      role: "bank",
      next: "bank_rows",
    });
    assert.deepEqual(
      ["fc.bias", "fc.bias.momentum", "bn1.running_var", "rows", "learning_rate", "loss"].map((name) => [
        find(name)!.role,
        find(name)!.next ?? null,
      ]),
      [
        ["parameter", "fc.bias.next"],
        ["momentum", "fc.bias.momentum.next"],
        ["statistic", "bn1.running_var.next"],
        ["input", null],
        ["input", null],
        ["output", null],
      ],
    );
  });
});

describe("checkRecipe", () => {
  it("takes the defaults", () => assert.deepEqual(checkRecipe(DEFAULT_RECIPE), DEFAULT_RECIPE));

  it("lists every option out of range, with what was expected", () => {
    const wrong: Recipe = {
      arch: "vgg",
      stem: "none",
      width: 0,
      imageSize: 2.5,
      batchSize: 1,
      objective: { name: "softmax", temperature: NaN, proximal: -1 },
      embeddingDim: -1,
      bankMomentum: 1,
      optimizer: {
        name: "sgd",
        momentum: -0.1,
        nesterov: false,
        weightDecay: Infinity,
        decayNormAndBias: true,
      },
      accumulation: 0,
    };
    assert.throws(() => checkRecipe(wrong), {
      name: "UsageError",
      message:
        `recipe: arch is "vgg", expected one of ${ARCHITECTURES.join(", ")}; ` +
        'stem is "none", expected one of cifar, imagenet; ' +
        "width is 0, expected a whole number of at least 1; image size is 2.5, expected a whole number of at least 1; " +
        "batch size is 1, expected a whole number of at least 2; embedding dim is -1, expected a whole number of at least 1; " +
        "bank momentum is 1, expected a number in [0, 1); temperature is NaN, expected a number above 0; " +
        "proximal is -1, expected a number of at least 0; " +
        "momentum is -0.1, expected a number in [0, 1); weight decay is Infinity, expected a number of at least 0; " +
        "accumulation is 0, expected a whole number of at least 1; " +
        "correct these options",
    });
  });
});
