/** @file Copies of a picture as they come about: mirrored, a little cropped, resized, saved again as JPEG. */

import type { Dataset, Picture } from "../data/dataset.js";
import { decodePicture } from "../data/decode.js";
import { encodeSmaller } from "../data/encode.js";
import { RandomStream } from "../random/philox.js";
import { shuffledRows } from "../search/vectors.js";
import type { Progress } from "./embed.js";
import { comparable, glimpse, likeness, sought, thumbnailer } from "./likeness.js";
import { readablePictures } from "./pictures.js";

/** Pictures that copies are made of. */
const SAMPLE = 200;
/** Least share of a side that a crop keeps, and that a resize keeps. */
const CROP = 0.9;
const RESIZE = 0.75;

/** How like its original a copy is, at a glance and at a closer look. */
export interface CopyScore {
  readonly glance: number;
  readonly score: number;
}

/** Makes a copy of each of some pictures. The same for the same pictures and seed. */
export async function scoreCopies(
  dataset: Dataset,
  seed: number,
  progress: Progress = () => {},
): Promise<CopyScore[]> {
  const stream = new RandomStream(seed, "copies");
  const thumbnail = thumbnailer();
  const scores: CopyScore[] = [];
  const rows = shuffledRows(dataset.size, stream);
  for await (const { picture } of readablePictures(dataset, rows, SAMPLE)) {
    const original = sought(thumbnail(picture));
    const copy = comparable(thumbnail(await editedCopy(picture, stream)));
    const found = glimpse(original, copy);
    scores.push({ glance: found.score, score: likeness(original, copy, found) });
    progress(scores.length, Math.min(SAMPLE, dataset.size));
  }
  return scores;
}

async function editedCopy(picture: Picture, stream: RandomStream): Promise<Picture> {
  const cropped = cropAndMirror(picture, stream);
  const side = Math.max(cropped.width, cropped.height) * (RESIZE + (1 - RESIZE) * stream.uniform());
  return decodePicture(await encodeSmaller(cropped, Math.max(1, Math.round(side))), "a copy");
}

function cropAndMirror({ width, height, channels, data }: Picture, stream: RandomStream): Picture {
  const shorter = (length: number): number =>
    Math.max(1, Math.round(length * (CROP + (1 - CROP) * stream.uniform())));
  const [columns, rows] = [shorter(width), shorter(height)];
  const [left, top] = [stream.below(width - columns + 1), stream.below(height - rows + 1)];
  const mirrored = stream.below(2) === 1;
  const length = columns * channels;
  const pixels = new Uint8Array(rows * length);
  for (let y = 0; y < rows; y++) {
    const from = channels * ((top + y) * width + left);
    const line = data.subarray(from, from + length);
    if (mirrored) copyMirrored(line, channels, pixels, y * length);
    else pixels.set(line, y * length);
  }
  return { width: columns, height: rows, channels, data: pixels };
}

function copyMirrored(line: Uint8Array, channels: number, to: Uint8Array, first: number): void {
  for (let at = 0; at < line.length; at += channels) {
    const from = line.length - channels - at;
    for (let channel = 0; channel < channels; channel++) to[first + at + channel] = line[from + channel]!;
  }
}
