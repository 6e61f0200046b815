/**
 * @file From a decoded picture to the network's input: a random view to learn from or the centre to evaluate
 * on, resized to imageSize, normalized, planar. Nothing here imports Node.
 */

import { UsageError } from "../errors.js";
import { recolor, viewOf, type View } from "./augment.js";
import { defaultBlurKernel, faultsOfAugmentation } from "./augmentOptions.js";
import type { AugmentOptions } from "./augmentOptions.js";
import { GaussianBlur } from "./blur.js";
import { centredStart, resizedToShortEdge } from "./crop.js";
import type { Picture } from "./dataset.js";
import { createPlaneData, normalizePlane, type Planes } from "./planes.js";
import { Resampler } from "./resample.js";

export type TransformKind =
  | { readonly kind: "augment"; readonly options: AugmentOptions }
  /** Shorter edge to `resize` pixels (default imageSize), then the centre. A no-op on pictures of imageSize. */
  | { readonly kind: "evaluate"; readonly resize?: number };

/** One number per channel: red, green, blue. */
export type Rgb = readonly [number, number, number];

export interface TransformOptions {
  readonly transform: TransformKind;
  readonly imageSize: number; // pixels, width and height of the result
  readonly mean: Rgb; // of values from 0 to 1
  readonly std: Rgb; // > 0
  readonly seed: number; // 0 to 2^32 - 1
}

/**
 * Writes (value - mean) / std as float32 [3, imageSize, imageSize] at `offset` of `out`. The result depends
 * on the picture, seed, epoch and row only. A gray picture fills all three channels.
 */
export type Transform = (
  picture: Picture,
  epoch: number,
  row: number,
  out: Float32Array,
  offset: number,
) => void;

/** @throws UsageError that lists every option out of range */
export function checkTransform(options: TransformOptions): void {
  const { transform, imageSize, mean, std, seed } = options;
  const faults = transform.kind === "augment" ? faultsOfAugmentation(transform.options, imageSize) : [];
  if (!Number.isInteger(imageSize) || imageSize < 1) {
    faults.push(`imageSize: found ${imageSize}, expected whole pixels, 1 or more`);
  }
  const resize = transform.kind === "evaluate" ? (transform.resize ?? imageSize) : imageSize;
  if (!Number.isInteger(resize) || resize < imageSize) {
    faults.push(`resize: found ${resize}, expected whole pixels, at least imageSize (${imageSize})`);
  }
  if (mean.length !== 3 || !mean.every(Number.isFinite)) {
    faults.push(`mean: found ${mean.join(", ")}, expected three numbers`);
  }
  if (std.length !== 3 || !std.every((value) => value > 0 && value < Infinity)) {
    faults.push(`std: found ${std.join(", ")}, expected three numbers above 0`);
  }
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    faults.push(`seed: found ${seed}, expected a whole number from 0 to 2^32 - 1`);
  }
  if (faults.length > 0) throw new UsageError(`transform: ${faults.join("; ")}; correct these options`);
}

/** Normalizing works on whole vectors of four. */
const SPARE_FLOATS = 3;

/**
 * Makes the function that turns pictures into input. It reuses its buffers: one per thread.
 * @throws UsageError if an option is out of range
 */
export function createTransform(options: TransformOptions): Transform {
  checkTransform(options);
  const { transform, imageSize, mean, std, seed } = options;
  const pixels = imageSize * imageSize;
  const tools = toolsOf(transform, imageSize);
  const data = createPlaneData(4 * pixels + SPARE_FLOATS);
  const color: Planes = { channels: 3, pixels, data: data.subarray(0, 3 * pixels) };
  const gray: Planes = { channels: 1, pixels, data: data.subarray(0, pixels) };
  const channels = [0, 1, 2].map((channel) => data.subarray(channel * pixels, (channel + 1) * pixels));
  const normalized = data.subarray(3 * pixels);

  return (picture, epoch, row, out, offset) => {
    const planes = picture.channels === 1 ? gray : color;
    if (transform.kind === "augment") {
      const { width, height } = picture;
      const view = viewOf(transform.options, { seed, epoch, row, width, height });
      augmentInto(planes, picture, view, transform.options, tools);
    } else {
      takeCentre(planes, picture, transform.resize ?? imageSize, tools.resampler);
    }
    for (let channel = 0; channel < 3; channel++) {
      const plane = channels[planes.channels === 1 ? 0 : channel]!;
      normalizePlane(plane, normalized, mean[channel]!, std[channel]!);
      out.set(normalized.subarray(0, pixels), offset + channel * pixels);
    }
  };
}

/** What holds buffers for pictures of one size. */
interface Tools {
  readonly resampler: Resampler;
  /** null: nothing is ever blurred. */
  readonly blurrer: GaussianBlur | null;
}

function toolsOf(transform: TransformKind, imageSize: number): Tools {
  const resampler = new Resampler(imageSize);
  if (transform.kind !== "augment" || (transform.options.blur ?? 0) === 0)
    return { resampler, blurrer: null };
  const kernel = transform.options.blurKernel ?? defaultBlurKernel(imageSize);
  return { resampler, blurrer: new GaussianBlur(imageSize, kernel) };
}

/** Crop and flip, colours, blur; the flip may come first because the blur's kernel is symmetric. */
function augmentInto(
  planes: Planes,
  picture: Picture,
  view: View,
  options: AugmentOptions,
  { resampler, blurrer }: Tools,
): void {
  const { left, top, width, height } = view.crop;
  const window = { outLength: resampler.size, windowFirst: 0, windowLength: resampler.size };
  resampler.resample(
    picture,
    { inFirst: left, inLength: width, ...window, reversed: view.flip },
    { inFirst: top, inLength: height, ...window, reversed: false },
    planes.data,
  );
  recolor(planes, view, options);
  if (view.blur !== null) blurrer?.blur(planes, view.blur);
}

function takeCentre(planes: Planes, picture: Picture, shortEdge: number, resampler: Resampler): void {
  const { width, height } = picture;
  const resized = resizedToShortEdge(width, height, shortEdge);
  const span = (inLength: number, outLength: number) => ({
    inFirst: 0,
    inLength,
    outLength,
    windowFirst: centredStart(outLength, resampler.size),
    windowLength: resampler.size,
    reversed: false,
  });
  resampler.resample(picture, span(width, resized.width), span(height, resized.height), planes.data);
}
