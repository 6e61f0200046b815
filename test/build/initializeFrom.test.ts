/** @file Weights that come from PyTorch, and go there. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES, type BuiltArtifact } from "../../src/build/buildArtifact.js";
import { initializeFrom } from "../../src/build/initializeFrom.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { decodeModel } from "../../src/codec/decode.js";
import { asFloat32, fromFloat32, type RawTensor } from "../../src/ir/rawTensor.js";
import { RandomStream } from "../../src/random/philox.js";
import { openSession } from "../../src/runtime/node.js";
import { floats } from "../../src/runtime/session.js";
import { openTool, requirePython, type OpenTool } from "../support/python.js";
import { suiteFolder } from "../support/temporary.js";

const DIM = 16;
const PICTURES = 3;
const WIDTH = 4;

function build(recipe: Partial<Recipe>, seed = 0): BuiltArtifact {
  const full = { ...DEFAULT_RECIPE, width: WIDTH, batchSize: 4, embeddingDim: DIM, ...recipe };
  const { imageSize } = full;
  return buildArtifact({
    recipe: full,
    seed,
    preprocessing: { imageSize, resize: imageSize, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  });
}

const stateOf = ({ files }: BuiltArtifact) => readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
const options = { where: "weights.safetensors", partial: false };

describe("initializeFrom", () => {
  const artifact = build({});
  const other = stateOf(build({}, 1));

  it("puts the weights into encoder.onnx and state.safetensors", () => {
    const { artifact: initialized, report } = initializeFrom(artifact, other, options);
    assert.equal(report, `weights.safetensors: loaded ${other.size} of ${other.size} tensors`);
    assert.deepEqual(stateOf(initialized), other);
    const { tensors } = decodeModel(initialized.files.get(FILES.encoder)!, FILES.encoder);
    assert.deepEqual(tensors.get("conv1.weight")!.bytes, Uint8Array.from(other.get("conv1.weight")!.bytes));
    assert.equal(initialized.files.get(FILES.trainStep), artifact.files.get(FILES.trainStep));
  });

  it("takes the state of a run of ours: bank and velocities are not the network's", () => {
    const run = new Map<string, RawTensor>([
      ...other,
      ["fc.bias.momentum", fromFloat32(new Float32Array(DIM), [DIM])],
      ["bank", fromFloat32(new Float32Array(2 * DIM), [2, DIM])],
    ]);
    assert.deepEqual(stateOf(initializeFrom(artifact, run, options).artifact), other);
  });

  it("refuses what does not fit, and lists it", () => {
    const given = new Map(other);
    given.delete("conv1.weight");
    given.set("fc.weight", fromFloat32(new Float32Array(8), [8]));
    given.set("extra", fromFloat32(new Float32Array(1), [1]));
    const faults =
      "missing: conv1.weight; unexpected: extra; " +
      `of another shape or dtype: fc.weight is float32 [8], expected [${DIM}, ${WIDTH * 8}]`;
    assert.throws(() => initializeFrom(artifact, given, options), {
      name: "ArtifactError",
      message:
        `weights.safetensors: ${other.size - 2} of ${other.size} tensors fit resnet18; ${faults}; ` +
        "give weights of this network, or load what fits with --init-partial",
    });
    const { artifact: initialized, report } = initializeFrom(artifact, given, { ...options, partial: true });
    assert.equal(report, `weights.safetensors: loaded ${other.size - 2} of ${other.size} tensors; ${faults}`);
    const state = stateOf(initialized);
    assert.deepEqual(state.get("fc.weight"), stateOf(artifact).get("fc.weight"), "keeps its own");
    assert.deepEqual(state.get("fc.bias"), other.get("fc.bias"), "takes the given");
  });

  it("refuses weights of which nothing fits, partial or not", () => {
    assert.throws(() => initializeFrom(artifact, new Map(), { ...options, partial: true }), {
      name: "ArtifactError",
      message: /: 0 of \d+ tensors fit resnet18; missing: .*; give weights of this network$/,
    });
  });
});

/** Relative distance of embeddings that is rounding. */
const TOLERANCE = 1e-5;
const NETWORKS = [
  { arch: "resnet18", stem: "cifar", imageSize: 32 },
  { arch: "resnet18", stem: "imagenet", imageSize: 64 },
  { arch: "resnet50", stem: "imagenet", imageSize: 64 },
  // 95 pixels leave 2×2 maps for AlexNet's 6×6, 70 one of 2×2 for VGG's 7×7.
  { arch: "alexnet", stem: null, imageSize: 95 },
  { arch: "vgg16", stem: null, imageSize: 70 },
  { arch: "vgg16_bn", stem: null, imageSize: 32 },
] as const;

describe("weights between PyTorch and us", function () {
  const folder = suiteFolder();
  let tool: OpenTool | null = null;

  before(function () {
    tool = openTool(requirePython(this, "torch", "numpy"), "exchangeWeights.py");
  });
  after(() => tool?.close());

  function pictures(imageSize: number): Float32Array<ArrayBuffer> {
    const stream = new RandomStream(5, "pictures");
    return Float32Array.from({ length: PICTURES * 3 * imageSize ** 2 }, () => stream.normal());
  }

  /** Embeddings by PyTorch, which writes or reads `weights`. */
  async function theirs(action: "write" | "embed", recipe: (typeof NETWORKS)[number], ...more: string[]) {
    const [weights, embeddings, pixels] = ["w.safetensors", "e.f32", "p.f32"].map((name) =>
      join(folder(), name),
    );
    writeFileSync(pixels!, pictures(recipe.imageSize));
    const sizes = ["--size", String(recipe.imageSize), "--width", String(WIDTH), "--dim", String(DIM)];
    const stem = recipe.stem === null ? [] : ["--stem", recipe.stem];
    const files = [weights!, embeddings!, pixels!];
    await tool!.ask([action, recipe.arch, ...files, ...sizes, ...stem, ...more]);
    return new Float32Array(Uint8Array.from(readFileSync(embeddings!)).buffer);
  }

  async function ours({ files }: BuiltArtifact, imageSize: number): Promise<Float32Array> {
    const session = await openSession(files.get(FILES.encoder)!, FILES.encoder, { ep: "cpu", threads: 1 });
    const embeddings = floats([PICTURES, DIM]);
    const pixels = floats([PICTURES, 3, imageSize, imageSize], pictures(imageSize));
    await session.run(new Map([["pixel_values", pixels]]), new Map([["image_embeds", embeddings]]));
    await session.close();
    return embeddings.data;
  }

  function assertSame(found: Float32Array, expected: Float32Array): void {
    assert.equal(found.length, expected.length);
    const distance =
      Math.hypot(...found.map((number, at) => number - expected[at]!)) / Math.hypot(...expected);
    console.log(`      relative distance ${distance.toExponential(1)}`);
    assert.ok(distance <= TOLERANCE, `relative distance is ${distance}`);
  }

  const readWeights = () => {
    const path = join(folder(), "w.safetensors");
    return readSafetensors(readFileSync(path), path).tensors;
  };

  for (const recipe of NETWORKS) {
    const title = `${recipe.arch}${recipe.stem === null ? "" : ` with the ${recipe.stem} stem`}`;

    it(`a state dict of ${title} gives the same embeddings here`, async () => {
      const expected = await theirs("write", recipe);
      const given = readWeights();
      const { artifact } = initializeFrom(build(recipe), given, options);
      assertSame(await ours(artifact, recipe.imageSize), expected);
      for (const [name, { bytes }] of stateOf(artifact))
        assert.ok(Buffer.compare(bytes, given.get(name)!.bytes) === 0, `${name} has the bits that it had`);
    });

    it(`state.safetensors of ${title} loads there strictly, with the same embeddings`, async () => {
      const artifact = build(recipe, 3);
      // As after training: running statistics that are neither 0 nor 1.
      const moved = new Map(
        [...stateOf(artifact)].map(([name, tensor]) => [
          name,
          name.includes("running") ? shifted(tensor) : tensor,
        ]),
      );
      const { artifact: trained } = initializeFrom(artifact, moved, options);
      writeFileSync(join(folder(), "w.safetensors"), trained.files.get(FILES.state)!);
      assertSame(await ours(trained, recipe.imageSize), await theirs("embed", recipe));
    });
  }

  it('takes bfloat16, and names behind "module."', async () => {
    const [recipe] = NETWORKS;
    const expected = await theirs("write", recipe, "--dtype", "bfloat16", "--prefix", "module.");
    const { artifact } = initializeFrom(build(recipe), readWeights(), options);
    assertSame(await ours(artifact, recipe.imageSize), expected);
  });
});

function shifted(tensor: RawTensor): RawTensor {
  const numbers = asFloat32(tensor, "statistic").map((number, at) => number + 0.1 * (at % 5));
  return fromFloat32(numbers, tensor.shape);
}
