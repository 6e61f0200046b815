/** @file The exported forms of every kind of network, on the runtimes that will read them. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Tensor } from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { buildArtifact, FILES } from "../../../src/build/buildArtifact.js";
import { DEFAULT_RECIPE, type Recipe } from "../../../src/build/recipe.js";
import { halfModel } from "../../../src/export/models/halfModel.js";
import { imageModel } from "../../../src/export/models/imageModel.js";
import { quantizedModel } from "../../../src/export/models/quantizedModel.js";
import { RandomStream } from "../../../src/random/philox.js";
import { rowCosines, runModel } from "../../support/modelFile.js";
import { checkOnnx, requirePython } from "../../support/python.js";
import { suiteFolder } from "../../support/temporary.js";

const SMALL: Recipe = { ...DEFAULT_RECIPE, width: 8, batchSize: 4, embeddingDim: 16 };
const RECIPES: Readonly<Record<string, Recipe>> = {
  "resnet18, cifar stem": { ...SMALL, imageSize: 20 },
  "resnet50, imagenet stem": { ...SMALL, arch: "resnet50", stem: "imagenet", imageSize: 40 },
  alexnet: { ...SMALL, arch: "alexnet", stem: null, imageSize: 63 },
  "vgg16_bn, maps of unequal windows": { ...SMALL, arch: "vgg16_bn", stem: null, imageSize: 100 },
};
/** Least cosine to float32. Weights are random, which rounding in 8 bits hurts more than trained ones. */
const LEAST = { half: 0.9999, quantized: 0.99 };

function exportAll(recipe: Recipe): Readonly<Record<"full" | "half" | "quantized" | "image", Uint8Array>> {
  const { imageSize } = recipe;
  const preprocessing = {
    imageSize,
    resize: imageSize,
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  } as const;
  const full = buildArtifact({ recipe, preprocessing, seed: 1 }).files.get(FILES.encoder)!;
  return {
    full,
    half: halfModel(full),
    quantized: quantizedModel(full),
    image: imageModel(full, preprocessing),
  };
}

function noise(imageSize: number): Float32Array<ArrayBuffer> {
  const stream = new RandomStream(3, "pictures");
  return Float32Array.from({ length: 2 * 3 * imageSize ** 2 }, () => stream.normal());
}

describe("exported forms of every network", () => {
  for (const [title, recipe] of Object.entries(RECIPES)) {
    it(`stay close to float32: ${title}`, async () => {
      const { full, half, quantized } = exportAll(recipe);
      const { imageSize } = recipe;
      const feeds = { pixel_values: new Tensor("float32", noise(imageSize), [2, 3, imageSize, imageSize]) };
      const expected = await runModel(full, feeds);
      for (const [form, bytes] of Object.entries({ half, quantized })) {
        const found = await runModel(bytes, feeds);
        const least = Math.min(...rowCosines(found["image_embeds"]!, expected["image_embeds"]!));
        assert.ok(least > LEAST[form as "half"], `${form}: ${least}`);
      }
    });
  }

  it("give on WebAssembly what they give on the CPU", async () => {
    const recipe = RECIPES["resnet18, cifar stem"]!;
    const shape = [2, 3, recipe.imageSize, recipe.imageSize];
    const { image, ...others } = exportAll(recipe);
    const data = noise(recipe.imageSize);
    const pixels = Uint8Array.from({ length: 33 * 17 * 3 }, (_, at) => (at * 37) % 256);
    web.env.wasm.numThreads = 1;
    const compare = async (model: Uint8Array, name: string, type: "float32" | "uint8", dims: number[]) => {
      const values = type === "float32" ? data : pixels;
      const session = await web.InferenceSession.create(model, { executionProviders: ["wasm"] });
      const found = await session.run({
        [name]: new web.Tensor(type as "uint8", values as Uint8Array, dims),
      });
      await session.release();
      const tensor = new Tensor(type as "uint8", values as Uint8Array, dims);
      const { image_embeds: expected } = await runModel(model, { [name]: tensor });
      const embeds = found["image_embeds"]!;
      const cosines = rowCosines({ shape: embeds.dims, data: embeds.data as Float32Array }, expected!);
      assert.ok(Math.min(...cosines) > 0.99999, `${name}: ${cosines.join(", ")}`);
    };
    for (const model of Object.values(others)) await compare(model, "pixel_values", "float32", shape);
    await compare(image, "image", "uint8", [17, 33, 3]);
  });

  describe("read by Python", () => {
    const folder = suiteFolder();
    let python = "";

    before(function () {
      python = requirePython(this, "onnx", "onnxruntime", "numpy");
    });

    it("are valid ONNX with shapes that can be inferred", async () => {
      const paths = Object.entries(RECIPES).flatMap(([title, recipe]) =>
        Object.entries(exportAll(recipe)).map(([form, bytes]) => {
          const path = join(folder(), `${title.replace(/\W+/g, "_")}_${form}.onnx`);
          writeFileSync(path, bytes);
          return path;
        }),
      );
      await checkOnnx(python, paths);
    });
  });
});
