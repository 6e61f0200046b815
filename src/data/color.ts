/**
 * @file Colour arithmetic on planar pictures with values from 0 to 1, in place.
 *
 * Each adjustment mixes the picture with another one, factor * picture + (1 - factor) * other, and cuts the
 * result to [0, 1]: other is black (brightness), the picture's mean gray (contrast) or its gray version
 * (saturation). A gray picture (1 channel) has no colour to change: saturation, hue and gray leave it as it
 * is. Source: torchvision.transforms.functional, tensor versions.
 */

import { withKernels, type Place, type Planes } from "./planes.js";

export type { Planes };

function scale({ kernels, first, planeBytes, constants }: Place, channels: number, p: number, q: number) {
  kernels.scale(first, first + channels * planeBytes, constants(p, q));
}

/** @param factor >= 0; 1 changes nothing, 0 gives black */
export function adjustBrightness(planes: Planes, factor: number): void {
  withKernels(planes, (place) => scale(place, planes.channels, factor, 0));
}

/** @param factor >= 0; 1 changes nothing, 0 gives the mean gray everywhere */
export function adjustContrast(planes: Planes, factor: number): void {
  withKernels(planes, (place) => {
    scale(place, planes.channels, factor, (1 - factor) * meanGray(planes, place));
  });
}

/** @param factor >= 0; 1 changes nothing, 0 takes all colour away */
export function adjustSaturation(planes: Planes, factor: number): void {
  if (planes.channels === 1) return;
  withKernels(planes, ({ kernels, first, planeBytes, constants }) => {
    kernels.mixGray(first, planeBytes, first + planeBytes, constants(factor, 1 - factor));
  });
}

/** @param turn -0.5 to 0.5, turns of the colour wheel: 1/3 makes red green */
export function adjustHue(planes: Planes, turn: number): void {
  if (planes.channels === 1) return;
  withKernels(planes, ({ kernels, first, planeBytes, constants }) => {
    kernels.turnHue(first, planeBytes, first + planeBytes, constants(6 * turn, 0));
  });
}

/** Replaces the three channels by their gray. */
export function turnGray(planes: Planes): void {
  adjustSaturation(planes, 0);
}

/** Mean over all pixels of the gray version, 0 to 1. */
function meanGray({ channels, pixels, data }: Planes, place: Place): number {
  if (channels === 1) return data.reduce((sum, value) => sum + value, 0) / pixels;
  const { kernels, first, planeBytes, result, resultAddress } = place;
  kernels.sumGray(first, planeBytes, first + planeBytes, resultAddress);
  return (result[0]! + result[1]!) / pixels;
}
