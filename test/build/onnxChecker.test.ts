/** @file What we write, read by others: ONNX's checker, its shape inference, and ONNX Runtime for Python. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildArtifact, FILES, type BuiltArtifact } from "../../src/build/buildArtifact.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { RandomStream } from "../../src/random/philox.js";
import { openSession } from "../../src/runtime/node.js";
import { floats } from "../../src/runtime/session.js";
import { checkOnnx, requirePython, runTool } from "../support/python.js";
import { suiteFolder } from "../support/temporary.js";

const SMALL: Recipe = { ...DEFAULT_RECIPE, width: 4, batchSize: 4, embeddingDim: 16 };
const NOISE = {
  temperature: 0.1,
  proximal: 10,
  negatives: 8,
  noise: { positive: false, duplicates: true },
} as const;
const RECIPES: Readonly<Record<string, Recipe>> = {
  "resnet18, cifar stem": { ...SMALL, imageSize: 28 },
  "resnet18, imagenet stem": { ...SMALL, stem: "imagenet", imageSize: 64 },
  "resnet50, imagenet stem": { ...SMALL, arch: "resnet50", stem: "imagenet", imageSize: 40, bankMomentum: 0 },
  resnet152: { ...SMALL, arch: "resnet152", imageSize: 8 },
  alexnet: { ...SMALL, arch: "alexnet", stem: null, imageSize: 63 },
  vgg16: { ...SMALL, arch: "vgg16", stem: null, imageSize: 32 },
  "vgg16_bn, maps of unequal windows": { ...SMALL, arch: "vgg16_bn", stem: null, imageSize: 100 },
  "parametric softmax": { ...SMALL, imageSize: 8, objective: { name: "parametric", instances: 50 } },
  "NCE by gathered rows, LARS": {
    ...SMALL,
    imageSize: 8,
    objective: { name: "nce", ...NOISE, noiseForm: "gather", epsilon: 0, normalizer: { mode: "first" } },
    optimizer: { name: "lars", momentum: 0.9, weightDecay: 1e-4, trustCoefficient: 1e-3 },
  },
  "NCE over the bank with exact Z": {
    ...SMALL,
    imageSize: 8,
    objective: { name: "nce", ...NOISE, noiseForm: "gemm", epsilon: 1e-7, normalizer: { mode: "exact" } },
  },
  "NCE, steps of three batches": {
    ...SMALL,
    imageSize: 8,
    objective: { name: "nce", ...NOISE, noiseForm: "gather", epsilon: 0, normalizer: { mode: "first" } },
    accumulation: 3,
  },
  "InfoNCE, AdamW": {
    ...SMALL,
    imageSize: 8,
    objective: { name: "infonce", ...NOISE, noiseForm: "gather" },
    optimizer: {
      name: "adamw",
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
      decayNormAndBias: true,
    },
  },
};

function build(recipe: Recipe): BuiltArtifact {
  const { imageSize } = recipe;
  const preprocessing = {
    imageSize,
    resize: imageSize,
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  } as const;
  return buildArtifact({ recipe, preprocessing, seed: 1 });
}

describe("built models, read by Python", () => {
  const folder = suiteFolder();
  let python = "";

  before(function () {
    python = requirePython(this, "onnx", "onnxruntime", "numpy");
  });

  for (const [title, recipe] of Object.entries(RECIPES)) {
    it(`are valid ONNX with shapes that can be inferred: ${title}`, async () => {
      const { files, manifest } = build(recipe);
      const models = [...files.keys()].filter((name) => name.endsWith(".onnx"));
      assert.equal(models[0], FILES.trainStep);
      const paths = models.map((name) => join(folder(), name));
      models.forEach((name, at) => writeFileSync(paths[at]!, files.get(name)!));
      const checked = await checkOnnx(python, paths);
      const inputs = manifest.tensors.filter(({ role }) => role !== "output");
      assert.deepEqual(
        checked[0]!.inputs.map(({ name, shape }) => [name, shape]),
        inputs.map(({ name, shape }) => [name, shape]),
        "ONNX Runtime for Python sees the inputs that the manifest lists",
      );
    });
  }

  it("give the embeddings that they give in Node", async () => {
    const recipe = RECIPES["resnet18, cifar stem"]!;
    const model = build(recipe).files.get(FILES.encoder)!;
    const pictures = floats([6, 3, recipe.imageSize, recipe.imageSize]);
    const stream = new RandomStream(2, "pictures");
    pictures.data.forEach((_, at) => (pictures.data[at] = stream.normal()));
    const embeddings = floats([6, recipe.embeddingDim]);
    const session = await openSession(model, FILES.encoder, { ep: "cpu" });
    await session.run(new Map([["pixel_values", pictures]]), new Map([["image_embeds", embeddings]]));
    await session.close();

    const at = (name: string) => join(folder(), name);
    writeFileSync(at("encoder.onnx"), model);
    writeFileSync(at("pixels.f32"), pictures.data);
    const args = [
      at("encoder.onnx"),
      at("pixels.f32"),
      at("embeds.f32"),
      "--shape",
      pictures.shape.join(","),
    ];
    const report = JSON.parse(await runTool(python, "runEncoder.py", args)) as { shape: number[] };
    assert.deepEqual(report.shape, embeddings.shape);
    const theirs = new Float32Array(Uint8Array.from(readFileSync(at("embeds.f32"))).buffer);
    assert.equal(theirs.length, embeddings.data.length);
    const differences = embeddings.data.map((number, position) => Math.abs(number - theirs[position]!));
    assert.ok(Math.max(...differences) < 1e-5, `largest difference ${Math.max(...differences)}`);
    assert.ok(Math.max(...embeddings.data.map(Math.abs)) > 100 * 1e-5, "unit vectors are far above that");
  });
});
