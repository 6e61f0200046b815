/**
 * @file The mean and standard deviation of a set of pictures, for those that come without published ones.
 */

import { openDataset } from "./dataset.js";
import type { DataSource, Picture } from "./dataset.js";
import type { Rgb } from "./transform.js";

export interface Normalization {
  readonly mean: Rgb; // of values from 0 to 1
  readonly std: Rgb;
}

/** One step of 8 bits: the least spread that means anything, and a guard against dividing by zero. */
const LEAST_STD = 1 / 255;

/** Mean of the values and of their squares, per channel, 0 to 1; gray counts for all three. */
function moments({ width, height, channels, data }: Picture): { first: number[]; second: number[] } {
  const first = [0, 0, 0];
  const second = [0, 0, 0];
  const pixels = width * height;
  for (let channel = 0; channel < 3; channel++) {
    let sum = 0;
    let squares = 0;
    for (let at = channel % channels; at < data.length; at += channels) {
      const value = data[at]!;
      sum += value;
      squares += value * value;
    }
    first[channel] = sum / pixels / 255;
    second[channel] = squares / pixels / 255 ** 2;
  }
  return { first, second };
}

/**
 * Measures up to `sampleSize` pictures spread evenly over the rows; each picture weighs the same, whatever
 * its size. A spread below one 8-bit step is reported as that step.
 * @throws DataError (as a rejection) if a picture cannot be read
 */
export async function measureNormalization(source: DataSource, sampleSize: number): Promise<Normalization> {
  const dataset = await openDataset(source);
  const count = Math.max(1, Math.min(sampleSize, dataset.size));
  const mean: [number, number, number] = [0, 0, 0];
  const meanSquare = [0, 0, 0];
  for (let sample = 0; sample < count; sample++) {
    const { first, second } = moments(await dataset.picture(Math.floor((sample * dataset.size) / count)));
    for (let channel = 0; channel < 3; channel++) {
      mean[channel]! += first[channel]! / count;
      meanSquare[channel]! += second[channel]! / count;
    }
  }
  const spread = (channel: 0 | 1 | 2): number =>
    Math.max(LEAST_STD, Math.sqrt(Math.max(0, meanSquare[channel]! - mean[channel] ** 2)));
  return { mean, std: [spread(0), spread(1), spread(2)] };
}
