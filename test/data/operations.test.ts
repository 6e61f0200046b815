/**
 * @file Each operation on pictures against Pillow, or against floats where Pillow has another algorithm or none.
 *
 * Measured with Pillow 12.3, in steps of 8 bits (1/255), mean and largest absolute difference:
 *
 *     crop, resize, centre   0.30  1.00   Pillow rounds after each axis
 *     flip                   0     0
 *     brightness             0.39  0.95   Pillow cuts decimals off
 *     contrast               0.36  1.10   the same, and the mean gray is a whole number
 *     saturation             0.48  1.17   the same, and each gray is a whole number
 *     gray                   0.24  0.52   Pillow rounds
 *     hue, 8 bits            1.98  14.8   one of 256 hues, and the turn is cut to whole steps too
 *     hue, floats            1e-6  2e-5
 *     blur                   7e-6  5e-5
 *     normalization          1e-5  6e-5
 */

import assert from "node:assert/strict";
import { GaussianBlur } from "../../src/data/blur.js";
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  turnGray,
  type Planes,
} from "../../src/data/color.js";
import { Resampler } from "../../src/data/resample.js";
import { createTransform, type TransformKind, type TransformOptions } from "../../src/data/transform.js";
import { GOLDEN, goldenPicture, goldenResult, planarOf, type GoldenCase } from "./augmentGolden.js";

const SIZE = GOLDEN.small.width;

type Operation = (golden: GoldenCase) => Float32Array;

/** Cuts, resizes and flips. */
function crop(golden: GoldenCase, reversed: boolean): Float32Array {
  const [left, top, width, height] = golden.box ?? [0, 0, SIZE, SIZE];
  const window = { outLength: SIZE, windowFirst: 0, windowLength: SIZE };
  const planes = new Float32Array(3 * SIZE * SIZE);
  new Resampler(SIZE).resample(
    goldenPicture(golden),
    { inFirst: left, inLength: width, ...window, reversed },
    { inFirst: top, inLength: height, ...window, reversed: false },
    planes,
  );
  return planes;
}

const recolored =
  (change: (planes: Planes, golden: GoldenCase) => void): Operation =>
  (golden) => {
    const { width, height, data } = goldenPicture(golden);
    const planes: Planes = { channels: 3, pixels: width * height, data: planarOf(data) };
    change(planes, golden);
    return planes.data;
  };

function evaluated(golden: GoldenCase): Float32Array {
  const { resize, mean = [0, 0, 0], std = [1, 1, 1] } = golden;
  const kind: TransformKind = resize === undefined ? { kind: "evaluate" } : { kind: "evaluate", resize };
  const options: TransformOptions = { transform: kind, imageSize: SIZE, mean, std, seed: 0 };
  const out = new Float32Array(3 * SIZE * SIZE);
  createTransform(options)(goldenPicture(golden), 0, 0, out, 0);
  return out;
}

const brightness = recolored((planes, { amount }) => adjustBrightness(planes, amount!));
const contrast = recolored((planes, { amount }) => adjustContrast(planes, amount!));
const saturation = recolored((planes, { amount }) => adjustSaturation(planes, amount!));
const hue = recolored((planes, { amount }) => adjustHue(planes, amount!));
const blur = recolored((planes, { kernel, sigma }) => new GaussianBlur(SIZE, kernel!).blur(planes, sigma!));

/** The same algorithm, rounded or cut to 8 bits on the way. */
const EIGHT_BITS = [0.5, 1.25] as const;
/** The same algorithm in float64. */
const FLOATS = [1e-4, 1e-3] as const;

/** Operation; mean and largest absolute difference that are allowed, in steps of 8 bits (1/255). */
const CASES: Readonly<Record<string, readonly [Operation, mean: number, largest: number]>> = {
  cropShrunk: [(golden) => crop(golden, false), ...EIGHT_BITS],
  cropGrown: [(golden) => crop(golden, false), ...EIGHT_BITS],
  cropMixed: [(golden) => crop(golden, false), ...EIGHT_BITS],
  flip: [(golden) => crop(golden, true), 0, 0],
  brightnessDown: [brightness, ...EIGHT_BITS],
  brightnessUp: [brightness, ...EIGHT_BITS],
  contrastDown: [contrast, ...EIGHT_BITS],
  contrastUp: [contrast, ...EIGHT_BITS],
  saturationDown: [saturation, ...EIGHT_BITS],
  saturationUp: [saturation, ...EIGHT_BITS],
  hueBack: [hue, ...FLOATS],
  hueOn: [hue, ...FLOATS],
  hueBackBytes: [hue, 0.8, 9],
  hueOnBytes: [hue, 2.1, 16],
  gray: [recolored(turnGray), ...EIGHT_BITS],
  blurFaint: [blur, ...FLOATS],
  blur: [blur, ...FLOATS],
  blurWide: [blur, ...FLOATS],
  normalization: [evaluated, ...FLOATS],
  centre: [evaluated, ...EIGHT_BITS],
  centreOfLarger: [evaluated, ...EIGHT_BITS],
};

/** In steps of 8 bits. */
function difference(found: Float32Array, expected: Float32Array): { mean: number; largest: number } {
  assert.equal(found.length, expected.length);
  const steps = Array.from(found, (value, at) => 255 * Math.abs(value - expected[at]!));
  return { mean: steps.reduce((sum, step) => sum + step, 0) / steps.length, largest: Math.max(...steps) };
}

describe("operations on pictures", () => {
  it("are compared with every golden there is", () => {
    assert.deepEqual(Object.keys(CASES).sort(), Object.keys(GOLDEN.cases).sort());
  });

  for (const [name, [operation, mean, largest]] of Object.entries(CASES)) {
    it(`agree with the golden "${name}" within ${mean} steps of 8 bits on average, ${largest} at most`, () => {
      const golden = GOLDEN.cases[name]!;
      const found = difference(operation(golden), goldenResult(golden));
      assert.ok(found.mean <= mean && found.largest <= largest, `${JSON.stringify(found)}`);
    });
  }
});
