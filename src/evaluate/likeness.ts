/**
 * @file How alike two pictures are as pixels, whatever became of one of them on the way: saved again, resized,
 * mirrored, or cropped a little. A network finds what means the same; whether two pictures are one is a matter of pixels.
 */

import type { Picture } from "../data/dataset.js";
import { Resampler } from "../data/resample.js";

/** Side of a thumbnail, pixels. */
export const THUMBNAIL_SIDE = 32;
/** Side at which thumbnails are compared: small enough that noise does not count, large enough for details. */
const COMPARED_SIDE = 24;
/** Side at which the crop that fits best is sought. */
const CLIMB_SIDE = 16;
/** Side of a first glance, which leaves most pairs out. */
const GLANCE_SIDE = 8;
/** Differences of this size are noise, on a scale from 0 to 1: what a JPEG of low quality leaves at COMPARED_SIDE. */
const NOISE = 4 / 255;
/** Share of a picture's side that a crop of a copy keeps, at least. */
const SMALLEST_CROP = 0.8;
const GLANCE_CROPS = [0.95, 0.9, 0.85];
const PLACES = [0, 0.5, 1];
/** Steps in which a crop is sought, shares of the side. */
const STEPS = [0.03, 0.01];
const MOST_MOVES = 3;
/** A crop is not sought where the start is worse. */
const HOPELESS = 0.6;

/** The whole of a picture, stretched to a square: [3, THUMBNAIL_SIDE, THUMBNAIL_SIDE], 8 bits. */
export type Thumbnail = Uint8Array;

/** A part of a picture, in shares of its width and height. */
interface Crop {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const WHOLE: Crop = { left: 0, top: 0, width: 1, height: 1 };

/** Makes thumbnails one after another. */
export function thumbnailer(): (picture: Picture) => Thumbnail {
  const resampler = new Resampler(THUMBNAIL_SIDE);
  const pixels = THUMBNAIL_SIDE ** 2;
  const window = { outLength: THUMBNAIL_SIDE, windowFirst: 0, windowLength: THUMBNAIL_SIDE, reversed: false };
  return (picture) => {
    const planes = new Float32Array(picture.channels * pixels);
    const [columns, rows] = [picture.width, picture.height].map((inLength) => ({
      ...window,
      inFirst: 0,
      inLength,
    }));
    resampler.resample(picture, columns!, rows!, planes);
    return Uint8Array.from({ length: 3 * pixels }, (_, at) =>
      Math.round(255 * planes[picture.channels === 1 ? at % pixels : at]!),
    );
  };
}

/** Pixels that are compared: values from 0 to 1, and how much they vary. */
interface Patch {
  /** [channels, side, side] */
  readonly values: Float32Array;
  /** Mean of the channels' variances. */
  readonly variance: number;
}

/** All three channels, or green alone: the one that says most of brightness. */
type Channels = readonly number[];
const ALL: Channels = [0, 1, 2];
const GREEN: Channels = [1];

/** A crop of a thumbnail at a smaller size; two bilinear samples a pixel in each direction, for one channel one. */
function patch(thumbnail: Thumbnail, side: number, crop: Crop, mirrored = false, channels = ALL): Patch {
  const pixels = side * side;
  const each = channels === ALL ? 2 : 1;
  const values = new Float32Array(channels.length * pixels);
  const [columns, rows] = [
    spots(each * side, crop.left, crop.width),
    spots(each * side, crop.top, crop.height),
  ];
  const scale = 1 / (255 * each * each);
  for (let plane = 0; plane < channels.length; plane++) {
    for (let y = 0; y < rows.length; y++) {
      const line = plane * pixels + Math.floor(y / each) * side;
      for (let x = 0; x < columns.length; x++) {
        const across = Math.floor(x / each);
        const to = line + (mirrored ? side - 1 - across : across);
        values[to]! += scale * sample(thumbnail, channels[plane]!, columns[x]!, rows[y]!);
      }
    }
  }
  return { values, variance: varianceOf(values, pixels) };
}

/** Places along one axis, evenly, in pixels of the thumbnail. */
function spots(count: number, first: number, length: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => {
    const place = THUMBNAIL_SIDE * (first + (length * (at + 0.5)) / count) - 0.5;
    return Math.min(THUMBNAIL_SIDE - 1.001, Math.max(0, place));
  });
}

/** Between four pixels, bilinear. */
function sample(thumbnail: Thumbnail, channel: number, column: number, row: number): number {
  const left = Math.floor(column);
  const top = Math.floor(row);
  const beside = column - left;
  const below = row - top;
  const at = (channel * THUMBNAIL_SIDE + top) * THUMBNAIL_SIDE + left;
  const upper = thumbnail[at]! * (1 - beside) + thumbnail[at + 1]! * beside;
  const lower = thumbnail[at + THUMBNAIL_SIDE]! * (1 - beside) + thumbnail[at + THUMBNAIL_SIDE + 1]! * beside;
  return upper * (1 - below) + lower * below;
}

function varianceOf(values: Float32Array, pixels: number): number {
  let variance = 0;
  for (let first = 0; first < values.length; first += pixels) {
    let [sum, squares] = [0, 0];
    for (let at = first; at < first + pixels; at++) {
      sum += values[at]!;
      squares += values[at]! ** 2;
    }
    variance += (squares - sum ** 2 / pixels) / values.length;
  }
  return variance;
}

/** 1: the same; about 0: as different as two pictures usually are. Noise counts little where there is little else. */
function compare(a: Patch, b: Patch): number {
  let error = 0;
  for (let at = 0; at < a.values.length; at++) error += (a.values[at]! - b.values[at]!) ** 2;
  return 1 - error / a.values.length / (a.variance + b.variance + 2 * NOISE ** 2);
}

/** A thumbnail with what every comparison needs of it. */
export interface Comparable {
  readonly thumbnail: Thumbnail;
  /** As it is and mirrored, small. */
  readonly glances: readonly [Patch, Patch];
}

export function comparable(thumbnail: Thumbnail): Comparable {
  const glance = (mirrored: boolean): Patch => patch(thumbnail, GLANCE_SIDE, WHOLE, mirrored);
  return { thumbnail, glances: [glance(false), glance(true)] };
}

/** What to look for in others: a picture and its crops. */
export interface Sought {
  readonly thumbnail: Thumbnail;
  readonly crops: readonly { readonly crop: Crop; readonly glance: Patch }[];
}

export function sought(thumbnail: Thumbnail): Sought {
  const cropped = GLANCE_CROPS.flatMap((size) =>
    PLACES.flatMap((x) =>
      PLACES.map((y) => ({ left: x * (1 - size), top: y * (1 - size), width: size, height: size })),
    ),
  );
  const crops = [WHOLE, ...cropped].map((crop) => ({ crop, glance: patch(thumbnail, GLANCE_SIDE, crop) }));
  return { thumbnail, crops };
}

/** Where a first glance finds one picture in another. */
export interface Glimpse {
  readonly score: number;
  readonly crop: Crop;
  readonly mirrored: boolean;
}

/** How alike a picture or a crop of it and another, as it is or mirrored, are at a glance: 1 for the same. */
export function glimpse({ crops }: Sought, { glances }: Comparable): Glimpse {
  let best: Glimpse = { score: -Infinity, crop: WHOLE, mirrored: false };
  for (const { crop, glance } of crops) {
    for (const mirrored of [false, true]) {
      const score = compare(glance, glances[mirrored ? 1 : 0]);
      if (score > best.score) best = { score, crop, mirrored };
    }
  }
  return best;
}

/**
 * How alike they are once the crop that fits best is found: 1 for the same.
 * @param from where a glance found it
 */
export function likeness({ thumbnail }: Sought, other: Comparable, { crop, mirrored }: Glimpse): number {
  const whole = patch(other.thumbnail, COMPARED_SIDE, WHOLE, mirrored);
  const score = (tried: Crop): number => compare(patch(thumbnail, COMPARED_SIDE, tried), whole);
  const start = score(crop);
  if (start < HOPELESS) return start;
  const target = patch(other.thumbnail, CLIMB_SIDE, WHOLE, mirrored, GREEN);
  const fit = climb(crop, (tried) => compare(patch(thumbnail, CLIMB_SIDE, tried, false, GREEN), target));
  return fit === crop ? start : Math.max(start, score(fit));
}

/** From a crop to a better one, by ever smaller steps. */
function climb(start: Crop, score: (crop: Crop) => number): Crop {
  let crop = start;
  let best = score(crop);
  for (const step of STEPS) {
    for (let move = 0; move < MOST_MOVES; move++) {
      const before = best;
      for (const next of neighboursOf(crop, step)) {
        const found = score(next);
        if (found > best) [best, crop] = [found, next];
      }
      if (best === before) break;
    }
  }
  return crop;
}

/** The crop with one of its edges moved in or out. */
function neighboursOf({ left, top, width, height }: Crop, step: number): Crop[] {
  const [right, bottom] = [left + width, top + height];
  const moved = [-step, step].flatMap((by): [left: number, top: number, right: number, bottom: number][] => [
    [left + by, top, right, bottom],
    [left, top + by, right, bottom],
    [left, top, right + by, bottom],
    [left, top, right, bottom + by],
    [left + by, top, right + by, bottom],
    [left, top + by, right, bottom + by],
  ]);
  const within = (value: number): number => Math.min(1, Math.max(0, value));
  return moved
    .map(([l, t, r, b]): Crop => {
      const [x, y] = [within(l), within(t)];
      return { left: x, top: y, width: within(r) - x, height: within(b) - y };
    })
    .filter((crop) => Math.min(crop.width, crop.height) >= SMALLEST_CROP);
}
