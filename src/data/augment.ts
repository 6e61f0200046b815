/**
 * @file Random views of a picture: crop, flip, colour jitter, gray, blur.
 *
 * First everything is drawn, then applied: a view is a plain record that can be tested and printed. All
 * draws are made whatever the options, so switching one part off leaves the others as they were.
 * Source: torchvision.transforms; Wu et al. 2018 use RandomResizedCrop, ColorJitter and RandomGrayscale; MoCo v2
 * leaves the jitter out now and then and adds the blur (Chen, Fan, Girshick, He 2020).
 */

import { RandomStream } from "../random/philox.js";
import { DEFAULT_BLUR_SIGMA, JITTER_STEPS } from "./augmentOptions.js";
import type { AugmentOptions, JitterStep } from "./augmentOptions.js";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, turnGray } from "./color.js";
import type { Planes } from "./color.js";
import { drawCropBox } from "./crop.js";
import type { CropBox } from "./crop.js";

export type { AugmentOptions } from "./augmentOptions.js";

/** One drawn view. */
export interface View {
  readonly crop: CropBox;
  readonly flip: boolean;
  /** The four adjustments in the order they are made: factors, for hue turns. Empty: the jitter is left out. */
  readonly jitter: readonly { readonly step: JitterStep; readonly amount: number }[];
  readonly gray: boolean;
  /** Standard deviation of the blur, pixels of the resized view; null: none. */
  readonly blur: number | null;
}

const ADJUST: Readonly<Record<JitterStep, (planes: Planes, amount: number) => void>> = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
};

/**
 * Draws, in this order: the crop (see drawCropBox), flip, order of the four adjustments, their amounts
 * (brightness, contrast, saturation, hue), gray, whether the jitter happens, whether the blur does, its sigma.
 * What is new goes to the end: a view of earlier options must stay the same for a run to be resumed.
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
  const gray = stream.uniform() < options.gray;
  const jittered = stream.uniform() < (options.jitterProbability ?? 1);
  const jitter = order.map((which) => ({ step: JITTER_STEPS[which]!, amount: amounts[which]! }));
  const blurred = stream.uniform() < (options.blur ?? 0);
  const sigma = stream.uniformIn(...(options.blurSigma ?? DEFAULT_BLUR_SIGMA));
  return { crop, flip, jitter: jittered ? jitter : [], gray, blur: blurred ? sigma : null };
}

/** Which view of which picture. */
export interface ViewOf {
  readonly seed: number; // 0 to 2^32 - 1
  readonly epoch: number;
  readonly row: number;
  readonly width: number; // pixels
  readonly height: number; // pixels
}

/** The view of a picture in an epoch: the same wherever it is computed. */
export function viewOf(options: AugmentOptions, { seed, epoch, row, width, height }: ViewOf): View {
  return drawView(new RandomStream(seed, "augment", epoch, row), options, width, height);
}

/** Applies the colour part of a view in place; crop and flip happen while resizing, the blur after this. */
export function recolor(planes: Planes, view: View, options: AugmentOptions): void {
  if (view.gray && options.grayFirst === true) turnGray(planes);
  for (const { step, amount } of view.jitter) {
    if (options[step] > 0) ADJUST[step](planes, amount);
  }
  if (view.gray && options.grayFirst !== true) turnGray(planes);
}
