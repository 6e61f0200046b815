/** @file Views computed by graphs/augmentation.ts, from the numbers that tell of them, against the processor's. */

import assert from "node:assert/strict";
import { augmentationGraph } from "../../graphs/index.js";
import { chooseSettings } from "../../src/config/choose.js";
import { augmentOf } from "../../src/config/learning.js";
import { PRESETS } from "../../src/config/presets.js";
import type { PresetName } from "../../src/config/settings.js";
import { viewOf, type AugmentOptions } from "../../src/data/augment.js";
import type { Picture } from "../../src/data/dataset.js";
import { createTransform, type Rgb } from "../../src/data/transform.js";
import { int64s, type HostTensor } from "../../src/runtime/session.js";
import { partsOf, ViewNumbers } from "../../src/train/viewNumbers.js";
import { speckle } from "../data/fixtures.js";
import { runGraph } from "../support/runGraph.js";

/** Of steps of 8 bits, before normalization: float32 rounding, here and there. */
const TOLERANCE = 0.001;
const MEAN: Rgb = [0.49, 0.48, 0.44];
const STD: Rgb = [0.2, 0.25, 0.3];

interface Batch {
  readonly pictures: readonly Picture[];
  readonly options: AugmentOptions;
  readonly imageSize: number;
  readonly seed: number;
}

/** [B, 3, S, S] by the transform of the processor. */
function onProcessor({ pictures, options, imageSize, seed }: Batch): Float32Array {
  const transform = createTransform({
    ...{ transform: { kind: "augment", options }, imageSize, mean: MEAN, std: STD, seed },
  });
  const length = 3 * imageSize ** 2;
  const out = new Float32Array(pictures.length * length);
  pictures.forEach((picture, row) => transform(picture, 1, row, out, row * length));
  return out;
}

/** The same by the graph. Gray pictures among coloured ones have three equal channels. */
async function onDevice({ pictures, options, imageSize, seed }: Batch): Promise<Float32Array> {
  const { width, height } = pictures[0]!;
  const channels = pictures.some((picture) => picture.channels === 3) ? 3 : 1;
  const parts = partsOf(options, channels, imageSize);
  const batchSize = pictures.length;
  const numbers = new ViewNumbers(batchSize, options, parts, channels);
  const rows = int64s([batchSize]);
  const planes = pictures.map((picture, row) => {
    numbers.set(row, viewOf(options, { seed, epoch: 1, row, width, height }), picture.channels === 1);
    rows.data[row] = BigInt(row);
    return Uint8Array.from({ length: channels * width * height }, (_, at) => {
      const [channel, pixel] = [Math.floor(at / (width * height)), at % (width * height)];
      return picture.data[pixel * picture.channels + Math.min(channel, picture.channels - 1)]!;
    });
  });
  const graph = augmentationGraph({
    ...{ batchSize, channels, height, width, imageSize, mean: MEAN, std: STD, ...parts },
  });
  const bytes = new Uint8Array(planes.flatMap((plane) => [...plane]));
  const feeds = new Map<string, HostTensor>([
    ["pictures", { dtype: "uint8", shape: [batchSize, channels, height, width], data: bytes }],
    ["rows", rows],
    ...numbers.tensors,
  ]);
  return (await runGraph(graph, feeds)).get("pixel_values")!;
}

/** Largest difference, steps of 8 bits. */
function farthest(found: Float32Array, expected: Float32Array, imageSize: number): number {
  assert.equal(found.length, expected.length);
  let most = 0;
  found.forEach((value, at) => {
    const std = STD[Math.floor(at / imageSize ** 2) % 3]!;
    most = Math.max(most, Math.abs(value - expected[at]!) * std * 255);
    assert.ok(Number.isFinite(value));
  });
  return most;
}

async function agrees(batch: Batch): Promise<void> {
  const found = farthest(await onDevice(batch), onProcessor(batch), batch.imageSize);
  assert.ok(found < TOLERANCE, `${found} of 1/255 apart, expected below ${TOLERANCE}`);
}

/** Other speckles for every picture. */
function several(count: number, width: number, height: number, channels: 1 | 3): Picture[] {
  const length = width * height * channels;
  const bytes = speckle(length * count);
  return Array.from({ length: count }, (_, which) => {
    return { width, height, channels, data: bytes.subarray(length * which, length * (which + 1)) };
  });
}

const EVERYTHING: AugmentOptions = {
  ...{ cropScale: [0.05, 1], cropRatio: [0.5, 2], flip: 0.5 },
  ...{ brightness: 0.8, contrast: 0.9, saturation: 1.2, hue: 0.5, jitterProbability: 0.7 },
  ...{ gray: 0.3, blur: 0.5, blurSigma: [0.1, 4] as const, blurKernel: 7 },
};

describe("a view computed by the graph is the processor's", () => {
  for (const preset of Object.keys(PRESETS) as PresetName[]) {
    it(`by preset ${preset}`, async () => {
      const options = augmentOf(chooseSettings({ preset }));
      const channels = preset === "sample" ? 1 : 3;
      for (const seed of [1, 2, 3])
        await agrees({ pictures: several(48, 32, 32, channels), options, imageSize: 32, seed });
    });
  }

  it("with everything, gray before the jitter or after", async () => {
    for (const grayFirst of [false, true]) {
      for (const seed of [4, 5]) {
        const options = { ...EVERYTHING, grayFirst };
        await agrees({ pictures: several(64, 20, 20, 3), options, imageSize: 20, seed });
      }
    }
  });

  it("from pictures that are larger, smaller, or of other proportions", async () => {
    for (const [width, height] of [
      [61, 37],
      [5, 9],
      [1, 1],
      [2, 40],
    ] as const) {
      await agrees({ pictures: several(24, width, height, 3), options: EVERYTHING, imageSize: 16, seed: 6 });
    }
  });

  it("where gray pictures are among coloured ones, and where all are gray", async () => {
    const [gray, coloured] = [several(30, 12, 12, 1), several(30, 12, 12, 3)];
    const mixed = gray.flatMap((picture, at) => [picture, coloured[at]!]);
    for (const pictures of [mixed, gray])
      await agrees({ pictures, options: EVERYTHING, imageSize: 10, seed: 7 });
  });

  it("with each part alone, and with none", async () => {
    const none: AugmentOptions = {
      ...{ cropScale: [1, 1], cropRatio: [1, 1], flip: 0 },
      ...{ brightness: 0, contrast: 0, saturation: 0, hue: 0, gray: 0 },
    };
    const parts: Partial<AugmentOptions>[] = [
      {},
      { flip: 1 },
      { cropScale: [0.2, 0.4] },
      { brightness: 2 },
      { contrast: 2 },
      { saturation: 2 },
      { hue: 0.5 },
      { gray: 0.5 },
      { blur: 1, blurKernel: 15 },
    ];
    for (const part of parts) {
      const options = { ...none, ...part };
      await agrees({ pictures: several(16, 8, 8, 3), options, imageSize: 8, seed: 8 });
    }
  });

  it("of plain pictures, black and white among them", async () => {
    const plain = [0, 128, 255].map((value): Picture => {
      return { width: 9, height: 9, channels: 3, data: new Uint8Array(243).fill(value) };
    });
    await agrees({ pictures: plain, options: EVERYTHING, imageSize: 9, seed: 9 });
  });
});
