/**
 * @file Which part of a picture is looked at: random resized crops to learn from, the centre to evaluate.
 * Source: torchvision.transforms RandomResizedCrop, Resize and CenterCrop.
 */

import type { RandomStream } from "../random/philox.js";

/** A part of a picture, in its pixels. */
export interface CropBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const ATTEMPTS = 10;

/** Rounds halves to the even neighbour, as Python does, so that boxes agree with torchvision's. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/**
 * A box of random area and shape, anywhere inside the picture.
 * @param scale [low, high] area of the box / area of the picture, 0 < low <= high
 * @param ratio [low, high] width / height, 0 < low <= high; its logarithm is drawn uniformly
 *
 * Draws, for each of up to ten attempts: area, ratio. The first box that fits draws its left, then its top.
 * If none fits, the largest centred box of an allowed ratio is taken, whatever its area.
 */
export function drawCropBox(
  stream: RandomStream,
  width: number,
  height: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
): CropBox {
  const logLow = Math.log(ratio[0]);
  const logHigh = Math.log(ratio[1]);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = width * height * stream.uniformIn(scale[0], scale[1]);
    const shape = Math.exp(stream.uniformIn(logLow, logHigh));
    const boxWidth = roundHalfEven(Math.sqrt(area * shape));
    const boxHeight = roundHalfEven(Math.sqrt(area / shape));
    if (boxWidth < 1 || boxWidth > width || boxHeight < 1 || boxHeight > height) continue;
    const left = stream.below(width - boxWidth + 1);
    const top = stream.below(height - boxHeight + 1);
    return { left, top, width: boxWidth, height: boxHeight };
  }
  return largestCentredBox(width, height, ratio);
}

function largestCentredBox(width: number, height: number, ratio: readonly [number, number]): CropBox {
  let boxWidth = width;
  let boxHeight = height;
  if (width / height < ratio[0]) boxHeight = Math.max(1, roundHalfEven(width / ratio[0]));
  else if (width / height > ratio[1]) boxWidth = Math.max(1, roundHalfEven(height * ratio[1]));
  return {
    left: Math.floor((width - boxWidth) / 2),
    top: Math.floor((height - boxHeight) / 2),
    width: boxWidth,
    height: boxHeight,
  };
}

/**
 * The size of a picture whose shorter edge has been resized to `shortEdge`; the longer edge keeps the shape,
 * rounded down.
 */
export function resizedToShortEdge(
  width: number,
  height: number,
  shortEdge: number,
): { readonly width: number; readonly height: number } {
  const long = Math.floor((shortEdge * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? { width: shortEdge, height: long } : { width: long, height: shortEdge };
}

/** First pixel of a centred window of `size` in an edge of `length`. */
export function centredStart(length: number, size: number): number {
  return roundHalfEven((length - size) / 2);
}
