/**
 * @file Random views of a picture: crop, flip, colour jitter, gray.
 *
 * First everything is drawn, then applied: a view is a plain record that can be tested and printed. All
 * draws are made whatever the options, so switching one part off leaves the others as they were.
 * Source: torchvision.transforms; Wu et al. 2018 use RandomResizedCrop, ColorJitter and RandomGrayscale.
 */

import type { RandomStream } from "../random/philox.js";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, turnGray } from "./color.js";
import type { Planes } from "./color.js";
import { drawCropBox } from "./crop.js";
import type { CropBox } from "./crop.js";

export interface AugmentOptions {
  /** Area of the crop / area of the picture, 0 < low <= high <= 1. */
  readonly cropScale: readonly [number, number];
  /** Width / height of the crop, 0 < low <= high; usually [3/4, 4/3]. */
  readonly cropRatio: readonly [number, number];
  /** Probability of a horizontal flip. */
  readonly flip: number;
  /** Brightness, contrast, saturation x >= 0: a factor from max(0, 1 - x) to 1 + x; 0 is off. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Hue shift of up to this many turns either way, 0 to 0.5. */
  readonly hue: number;
  /** Probability of turning gray. */
  readonly gray: number;
  /** Turn gray before the jitter, as the authors' ImageNet recipe does; their CIFAR one, and we, do it after. */
  readonly grayFirst?: boolean;
}

type JitterStep = "brightness" | "contrast" | "saturation" | "hue";

/** One drawn view. */
export interface View {
  readonly crop: CropBox;
  readonly flip: boolean;
  /** The four adjustments in the order they are made: factors, for hue turns. */
  readonly jitter: readonly { readonly step: JitterStep; readonly amount: number }[];
  readonly gray: boolean;
}

const JITTER_STEPS: readonly JitterStep[] = ["brightness", "contrast", "saturation", "hue"];

const ADJUST: Readonly<Record<JitterStep, (planes: Planes, amount: number) => void>> = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
};

/** @returns what is wrong with the options, one entry "name: found, expected" per fault */
export function faultsOfAugmentation(options: AugmentOptions): string[] {
  const faults: string[] = [];
  const check = (name: string, found: unknown, ok: boolean, expected: string): void => {
    if (!ok) faults.push(`${name}: found ${String(found)}, expected ${expected}`);
  };
  const { cropScale, cropRatio } = options;
  const rising = ([low, high]: readonly [number, number]): boolean => low > 0 && low <= high;
  check("cropScale", cropScale, rising(cropScale) && cropScale[1] <= 1, "0 < low <= high <= 1");
  check("cropRatio", cropRatio, rising(cropRatio) && cropRatio[1] < Infinity, "0 < low <= high");
  for (const name of ["flip", "gray"] as const) {
    check(name, options[name], options[name] >= 0 && options[name] <= 1, "a probability from 0 to 1");
  }
  for (const name of ["brightness", "contrast", "saturation"] as const) {
    check(name, options[name], options[name] >= 0 && options[name] < Infinity, "0 or more");
  }
  check("hue", options.hue, options.hue >= 0 && options.hue <= 0.5, "0 to 0.5 turns");
  return faults;
}

/** One line for people and logs. */
export function describeAugmentation(options: AugmentOptions): string {
  const range = ([low, high]: readonly [number, number]): string =>
    `${Number(low.toFixed(3))}-${Number(high.toFixed(3))}`;
  const gray = `gray ${options.gray}`;
  const jitter = `jitter ${JITTER_STEPS.map((step) => `${step} ${options[step]}`).join(" ")}`;
  return [
    `crop ${range(options.cropScale)} of the area, ratio ${range(options.cropRatio)}`,
    `flip ${options.flip}`,
    ...(options.grayFirst ? [gray, jitter] : [jitter, gray]),
  ].join(", ");
}

/**
 * Draws, in this order: the crop (see drawCropBox), flip, order of the four adjustments, their amounts
 * (brightness, contrast, saturation, hue), gray.
 */
export function drawView(stream: RandomStream, options: AugmentOptions, width: number, height: number): View {
  const crop = drawCropBox(stream, width, height, options.cropScale, options.cropRatio);
  const flip = stream.uniform() < options.flip;
  const order = [0, 1, 2, 3];
  stream.shuffle(order);
  const amounts = JITTER_STEPS.map((step) => {
    const reach = options[step];
    return step === "hue"
      ? stream.uniformIn(-reach, reach)
      : stream.uniformIn(Math.max(0, 1 - reach), 1 + reach);
  });
  const jitter = order.map((which) => ({ step: JITTER_STEPS[which]!, amount: amounts[which]! }));
  const gray = stream.uniform() < options.gray;
  return { crop, flip, jitter, gray };
}

/** Applies the colour part of a view in place; crop and flip happen while resizing. */
export function recolor(planes: Planes, view: View, options: AugmentOptions): void {
  if (view.gray && options.grayFirst === true) turnGray(planes);
  for (const { step, amount } of view.jitter) {
    if (options[step] > 0) ADJUST[step](planes, amount);
  }
  if (view.gray && options.grayFirst !== true) turnGray(planes);
}
