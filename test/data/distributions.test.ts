/**
 * @file Views against the distributions that torchvision's transforms are defined by. Seeds are fixed; each limit is
 * one that a right program would pass with 999 of 1,000 seeds.
 */

import assert from "node:assert/strict";
import type { AugmentOptions, View } from "../../src/data/augment.js";
import { drawView } from "../../src/data/augment.js";
import { drawCropBox } from "../../src/data/crop.js";
import { RandomStream } from "../../src/random/philox.js";
import { GOLDEN } from "./augmentGolden.js";
import { chiSquare, distanceAtPoints, kolmogorov, RARE_DISTANCE } from "./statistics.js";

const VIEWS = 12_000;
const CROPS = 20_000;
/** Chi-square of 23 degrees of freedom that is exceeded once in a thousand times. */
const RARE_CHI_SQUARE = 49.73;
/** Standard errors of a share that are exceeded once in a thousand times. */
const RARE_ERRORS = 3.29;

const OPTIONS: AugmentOptions = {
  cropScale: [0.2, 1],
  cropRatio: [3 / 4, 4 / 3],
  flip: 0.5,
  brightness: 0.4,
  contrast: 0.3,
  saturation: 1.2,
  hue: 0.1,
  jitterProbability: 0.8,
  gray: 0.2,
  blur: 0.35,
  blurSigma: [0.1, 2],
};

describe("the views", () => {
  const views = Array.from({ length: VIEWS }, (_, row) =>
    drawView(new RandomStream(3, "augment", 0, row), OPTIONS, 64, 48),
  );
  const jittered = views.filter(({ jitter }) => jitter.length > 0);
  const uniformly = (what: string, sample: readonly number[], low: number, high: number): void => {
    const distance = kolmogorov(sample, low, high);
    const limit = RARE_DISTANCE / Math.sqrt(sample.length);
    assert.ok(sample.length > 1000 && distance < limit, `${what}: ${distance}, limit ${limit}`);
  };

  for (const [what, wanted, probability] of [
    ["flipped", (view: View) => view.flip, OPTIONS.flip],
    ["jittered", (view: View) => view.jitter.length > 0, OPTIONS.jitterProbability!],
    ["gray", (view: View) => view.gray, OPTIONS.gray],
    ["blurred", (view: View) => view.blur !== null, OPTIONS.blur!],
    // Two parts at once: as often as the product says, where they are drawn independently.
    ["both flipped and gray", (view: View) => view.flip && view.gray, OPTIONS.flip * OPTIONS.gray],
    [
      "both jittered and blurred",
      (view: View) => view.jitter.length > 0 && view.blur !== null,
      OPTIONS.jitterProbability! * OPTIONS.blur!,
    ],
  ] as const) {
    it(`are ${what} as often as asked`, () => {
      const share = views.filter(wanted).length / VIEWS;
      const error = Math.sqrt((probability * (1 - probability)) / VIEWS);
      assert.ok(Math.abs(share - probability) < RARE_ERRORS * error, `${share}, expected ${probability}`);
    });
  }

  for (const [step, low, high] of [
    ["brightness", 0.6, 1.4],
    ["contrast", 0.7, 1.3],
    ["saturation", 0, 2.2],
    ["hue", -0.1, 0.1],
  ] as const) {
    it(`change ${step} by amounts uniform from ${low} to ${high}`, () => {
      const amounts = jittered.map(({ jitter }) => jitter.find((part) => part.step === step)!.amount);
      uniformly(step, amounts, low, high);
    });
  }

  it("are jittered in each of the 24 orders equally often", () => {
    const counts = new Map<string, number>();
    for (const { jitter } of jittered) {
      const order = jitter.map(({ step }) => step).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 24);
    const found = chiSquare([...counts.values()], jittered.length / 24);
    assert.ok(found < RARE_CHI_SQUARE, `${found}`);
  });

  it("are blurred by a sigma uniform over its range", () => {
    const sigmas = views.flatMap(({ blur }) => (blur === null ? [] : [blur]));
    uniformly("sigma", sigmas, 0.1, 2);
  });

  it("lie anywhere in the picture, each place equally often", () => {
    // A whole number that is uniform over 0 ... n - 1 plus a uniform fraction is uniform over 0 ... n.
    const fraction = new RandomStream(4, "fraction");
    const place = (first: number, room: number): number => (first + fraction.uniform()) / (room + 1);
    const lefts = views.map(({ crop }) => place(crop.left, 64 - crop.width));
    const tops = views.map(({ crop }) => place(crop.top, 48 - crop.height));
    uniformly("left", lefts, 0, 1);
    uniformly("top", tops, 0, 1);
  });
});

describe("the crops", () => {
  it("have areas uniform and ratios log-uniform where every attempt fits", () => {
    const stream = new RandomStream(5, "crop");
    const boxes = Array.from({ length: CROPS }, () =>
      drawCropBox(stream, 4000, 4000, [0.2, 0.5], [3 / 4, 4 / 3]),
    );
    const limit = RARE_DISTANCE / Math.sqrt(CROPS);
    const areas = boxes.map(({ width, height }) => (width * height) / 4000 ** 2);
    const logs = boxes.map(({ width, height }) => Math.log(width / height));
    const distances = [kolmogorov(areas, 0.2, 0.5), kolmogorov(logs, Math.log(3 / 4), Math.log(4 / 3))];
    assert.ok(Math.max(...distances) < limit, `${distances.join(", ")}; limit ${limit}`);
  });

  for (const { width, height, scale, ratio, centred, area, logRatio } of GOLDEN.crops) {
    it(`of ${width}×${height}, scale ${scale.join("-")}, are spread as RandomResizedCrop's rule spreads them`, () => {
      const stream = new RandomStream(7, "crop");
      const boxes = Array.from({ length: CROPS }, () => drawCropBox(stream, width, height, scale, ratio));
      const limit = RARE_DISTANCE * Math.sqrt(1 / CROPS + 1 / GOLDEN.draws);
      const areas = boxes.map((box) => (box.width * box.height) / (width * height));
      const logs = boxes.map((box) => Math.log(box.width / box.height));
      const distances = [
        distanceAtPoints(areas, area.points, area.shares),
        distanceAtPoints(logs, logRatio.points, logRatio.shares),
      ];
      assert.ok(
        Math.max(...distances) < limit,
        `${distances.join(", ")}; limit ${limit}, centred ${centred}`,
      );
    });
  }
});
