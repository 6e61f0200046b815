import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tensor } from "onnxruntime-node";
import { imageInput, type ImageInputConfig } from "../../graphs/index.js";
import { encodeModel } from "../../src/codec/encode.js";
import { decodePicture } from "../../src/data/decode.js";
import type { Picture } from "../../src/data/dataset.js";
import { createTransform } from "../../src/data/transform.js";
import type { Graph } from "../../src/ir/graph.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { nameOutputs } from "../../src/lower/passes/nameOutputs.js";
import { runModel } from "../support/modelFile.js";
import { evaluate, ndArray } from "../support/reference.js";
import { ROOT } from "../support/sources.js";

function inputGraph(config: ImageInputConfig): Graph {
  const builder = new GraphBuilder("input");
  const image = builder.input("image", "uint8", ["height", "width", 3]);
  builder.output("pixel_values", imageInput(builder, image, config));
  return builder.build();
}

/** Pixels [height, width, 3] of a gray picture, by the float64 interpreter. */
function interpret(config: ImageInputConfig, rows: readonly (readonly number[])[]): number[] {
  const pixels = rows.flat().flatMap((value) => [value, value, value]);
  const image = ndArray([rows.length, rows[0]!.length, 3], pixels);
  const found = evaluate(inputGraph(config), new Map([["image", image]])).get("pixel_values")!;
  assert.deepEqual(found.shape, [1, 3, config.imageSize, config.imageSize]);
  return [...found.data];
}

/** Pixel values as they are, but for the division by 255. */
const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

/** The middle of a real picture. */
function cut({ width, data }: Picture, cutWidth: number, cutHeight: number): Picture {
  const rows = Array.from({ length: cutHeight }, (_, y) => {
    const first = 3 * ((y + 40) * width + 40);
    return [...data.subarray(first, first + 3 * cutWidth)];
  });
  return { width: cutWidth, height: cutHeight, channels: 3, data: Uint8Array.from(rows.flat()) };
}

describe("pixels of any size as an encoder's input", () => {
  it("are weighted by triangles as wide as the picture shrinks, and cut from the centre", () => {
    // 4×2 → 2×1 → the first of the two, for a half rounds to even: columns (3, 3, 1, 0)/7, rows (1, 1)/2
    const found = interpret({ imageSize: 1, resize: 1, ...plain }, [
      [70, 140, 210, 255],
      [70, 140, 210, 255],
    ]);
    for (const value of found) assert.ok(Math.abs(value - 120 / 255) < 1e-12, `${value * 255}`);
  });

  it("grow bilinearly, and repeat their edge", () => {
    // Centres of 4 pixels over 2: -1/4, 1/4, 3/4, 5/4
    const found = interpret({ imageSize: 4, resize: 4, ...plain }, [
      [0, 255],
      [0, 255],
    ]);
    found.slice(0, 4).forEach((value, at) => assert.ok(Math.abs(value - [0, 0.25, 0.75, 1][at]!) < 1e-12));
  });

  it("lose the mean and are divided by the deviation of their channel", () => {
    const config = { imageSize: 1, resize: 1, mean: [0.5, 0.25, 0], std: [0.5, 0.25, 2] } as const;
    assert.deepEqual(
      interpret(config, [[255]]).map((value) => Number(value.toFixed(9))),
      [1, 3, 0.5],
    );
  });

  describe("in ONNX Runtime", () => {
    const config = { imageSize: 28, resize: 32, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25] } as const;
    const transform = createTransform({
      ...config,
      transform: { kind: "evaluate", resize: config.resize },
      seed: 0,
    });

    for (const [width, height] of [
      [1, 1],
      [1, 500],
      [500, 1],
      [28, 28],
      [333, 77],
      [77, 334],
      [640, 480],
      [701, 479],
    ] as const) {
      it(`are what training's own transform makes of them: ${width}×${height}`, async () => {
        const bytes = readFileSync(join(ROOT, "tools/pictures/neighbours.jpg"));
        const picture = cut(await decodePicture(bytes, "neighbours.jpg"), width, height);
        const expected = new Float32Array(3 * config.imageSize ** 2);
        transform(picture, 0, 0, expected, 0);
        const model = encodeModel(nameOutputs(inputGraph(config)), { producerVersion: "0" });
        const image = new Tensor("uint8", picture.data, [height, width, 3]);
        const { pixel_values: found } = await runModel(model, { image });
        const worst = expected.reduce(
          (most, value, at) => Math.max(most, Math.abs(value - found!.data[at]!)),
          0,
        );
        assert.ok(worst < 1e-5, `differs by ${worst} of a deviation`);
      });
    }
  });
});
