/**
 * @file Colour arithmetic on planar pictures with values from 0 to 1, in place.
 *
 * Each adjustment mixes the picture with another one, factor * picture + (1 - factor) * other, and cuts the
 * result to [0, 1]: other is black (brightness), the picture's mean gray (contrast) or its gray version
 * (saturation). A gray picture (1 channel) has no colour to change: saturation, hue and gray leave it as it
 * is. Source: torchvision.transforms.functional, tensor versions.
 */

/** [channels, pixels] values from 0 to 1; the array has exactly that length. */
export interface Planes {
  readonly channels: 1 | 3;
  readonly pixels: number; // per channel
  readonly data: Float32Array;
}

/** Luma weights of ITU-R BT.601, to the four places torchvision writes; they sum to 0.9999. */
const RED = 0.2989;
const GREEN = 0.587;
const BLUE = 0.114;

const clamp01 = (value: number): number => (value < 0 ? 0 : value > 1 ? 1 : value);

/** @param factor >= 0; 1 changes nothing, 0 gives black */
export function adjustBrightness({ data }: Planes, factor: number): void {
  for (let at = 0; at < data.length; at++) data[at] = clamp01(factor * data[at]!);
}

/** @param factor >= 0; 1 changes nothing, 0 gives the mean gray everywhere */
export function adjustContrast(planes: Planes, factor: number): void {
  const { data } = planes;
  const offset = (1 - factor) * meanGray(planes);
  for (let at = 0; at < data.length; at++) data[at] = clamp01(factor * data[at]! + offset);
}

/** @param factor >= 0; 1 changes nothing, 0 takes all colour away */
export function adjustSaturation({ channels, pixels, data }: Planes, factor: number): void {
  if (channels === 1) return;
  for (let r = 0, g = pixels, b = 2 * pixels; r < pixels; r++, g++, b++) {
    const offset = (1 - factor) * (RED * data[r]! + GREEN * data[g]! + BLUE * data[b]!);
    data[r] = clamp01(factor * data[r]! + offset);
    data[g] = clamp01(factor * data[g]! + offset);
    data[b] = clamp01(factor * data[b]! + offset);
  }
}

/** @param turn -0.5 to 0.5, turns of the colour wheel: 1/3 makes red green */
export function adjustHue({ channels, pixels, data }: Planes, turn: number): void {
  if (channels === 1) return;
  for (let r = 0, g = pixels, b = 2 * pixels; r < pixels; r++, g++, b++) {
    const red = data[r]!;
    const green = data[g]!;
    const blue = data[b]!;
    const value = Math.max(red, green, blue);
    const chroma = value - Math.min(red, green, blue);
    if (chroma === 0) continue; // gray has no hue
    const sextant = wrapSextant(hueInSextants(red, green, blue, value, chroma) + 6 * turn);
    data[r] = channelOfHue(5, sextant, value, chroma);
    data[g] = channelOfHue(3, sextant, value, chroma);
    data[b] = channelOfHue(1, sextant, value, chroma);
  }
}

/** Angle on the colour wheel, -1 to 5: red at 0, green at 2, blue at 4. */
function hueInSextants(red: number, green: number, blue: number, value: number, chroma: number): number {
  if (red === value) return (green - blue) / chroma;
  if (green === value) return 2 + (blue - red) / chroma;
  return 4 + (red - green) / chroma;
}

/** -6 ... 12 to 0 ... 6; the remainder operator would be right too and costs a third of the whole pass. */
const wrapSextant = (angle: number): number => (angle < 0 ? angle + 6 : angle >= 6 ? angle - 6 : angle);

/** One channel of a colour: full for two sextants, absent for two, a ramp between. `phase` picks which. */
function channelOfHue(phase: number, sextant: number, value: number, chroma: number): number {
  const angle = wrapSextant(phase + sextant);
  return clamp01(value - chroma * clamp01(Math.min(angle, 4 - angle)));
}

/** Replaces the three channels by their gray. */
export function turnGray({ channels, pixels, data }: Planes): void {
  if (channels === 1) return;
  for (let r = 0, g = pixels, b = 2 * pixels; r < pixels; r++, g++, b++) {
    const gray = RED * data[r]! + GREEN * data[g]! + BLUE * data[b]!;
    data[r] = data[g] = data[b] = gray;
  }
}

/** Mean over all pixels of the gray version, 0 to 1. */
function meanGray({ channels, pixels, data }: Planes): number {
  let sum = 0;
  if (channels === 1) {
    for (let at = 0; at < pixels; at++) sum += data[at]!;
  } else {
    for (let r = 0, g = pixels, b = 2 * pixels; r < pixels; r++, g++, b++) {
      sum += RED * data[r]! + GREEN * data[g]! + BLUE * data[b]!;
    }
  }
  return sum / pixels;
}
