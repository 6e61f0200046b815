/** @file The mean and standard deviation of an opened set of pictures. Nothing here imports Node. */

import { DataError } from "../errors.js";
import type { Dataset, Picture } from "./dataset.js";
import type { Rgb } from "./transform.js";

export interface Normalization {
  readonly mean: Rgb; // of values from 0 to 1
  readonly std: Rgb;
}

export interface MeasureOptions {
  /** A picture that cannot be read is an error. */
  readonly strict?: boolean;
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

/** Rows tried for one place in the sample: a stretch of broken pictures must not cost a walk through all. */
const TRIES = 100;

/** The first good picture at or after `first`, null where none of the tries up to `end` is one. */
async function goodPicture(
  dataset: Dataset,
  first: number,
  end: number,
  strict: boolean,
): Promise<Picture | DataError> {
  let fault: DataError | null = null;
  for (let row = first; row < Math.min(end, first + TRIES); row++) {
    try {
      return await dataset.picture(row);
    } catch (error) {
      if (strict || !(error instanceof DataError)) throw error;
      fault ??= error;
    }
  }
  return fault!; // end > first: one row at least was tried
}

/**
 * Measures up to `sampleSize` pictures spread evenly over the rows; each picture weighs the same, whatever its
 * size. A picture that cannot be read is left to the next good one before the sample's next place, or left out.
 * A spread below one 8-bit step is reported as that step.
 * @throws DataError (as a rejection) if no picture of the sample can be read, or one cannot and strict is set
 */
export async function measureDataset(
  dataset: Dataset,
  sampleSize: number,
  { strict = false }: MeasureOptions = {},
): Promise<Normalization> {
  const places = Math.max(1, Math.min(sampleSize, dataset.size));
  const placeOf = (sample: number): number => Math.floor((sample * dataset.size) / places);
  const sums = { first: [0, 0, 0], second: [0, 0, 0] };
  let count = 0;
  let fault: DataError | null = null;
  for (let sample = 0; sample < places; sample++) {
    const picture = await goodPicture(dataset, placeOf(sample), placeOf(sample + 1), strict);
    if (picture instanceof DataError) {
      fault ??= picture;
      continue;
    }
    const { first, second } = moments(picture);
    count++;
    for (let channel = 0; channel < 3; channel++) {
      sums.first[channel]! += first[channel]!;
      sums.second[channel]! += second[channel]!;
    }
  }
  if (count === 0) throw noneGood(dataset.name, fault!);
  const mean = sums.first.map((sum) => sum / count) as [number, number, number];
  const spread = (channel: 0 | 1 | 2): number =>
    Math.max(LEAST_STD, Math.sqrt(Math.max(0, sums.second[channel]! / count - mean[channel] ** 2)));
  return { mean, std: [spread(0), spread(1), spread(2)] };
}

function noneGood(name: string, fault: DataError): DataError {
  return new DataError(
    `${name}: found no picture that can be read to measure mean and spread by, expected at least one; ` +
      `the first fault: ${fault.message}`,
    { cause: fault },
  );
}
