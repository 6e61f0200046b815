/** @file Reads test/golden/augment.json; tools/makeAugmentGolden.py tells what it holds. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Picture } from "../../src/data/dataset.js";
import type { Rgb } from "../../src/data/transform.js";

const FILE = join(import.meta.dirname, "../../../test/golden/augment.json");

interface PackedPicture {
  readonly width: number;
  readonly height: number;
  readonly data: string;
}

/** Settings are those of the case's operation. */
export interface GoldenCase {
  readonly of?: "small";
  readonly box?: readonly [number, number, number, number]; // left, top, width, height
  readonly amount?: number;
  readonly kernel?: number;
  readonly sigma?: number;
  readonly mean?: Rgb;
  readonly std?: Rgb;
  readonly resize?: number;
  /** The result, in one of two forms. */
  readonly uint8?: string;
  readonly float32?: string;
}

interface Shares {
  readonly points: readonly number[];
  readonly shares: readonly number[];
}

interface GoldenCrops {
  readonly width: number;
  readonly height: number;
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  /** Share of crops for which every attempt failed. */
  readonly centred: number;
  readonly area: Shares;
  readonly logRatio: Shares;
}

interface GoldenFile {
  readonly picture: PackedPicture;
  readonly small: PackedPicture;
  readonly cases: Readonly<Record<string, GoldenCase>>;
  readonly draws: number;
  readonly crops: readonly GoldenCrops[];
}

export const GOLDEN = JSON.parse(readFileSync(FILE, "utf8")) as GoldenFile;

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, "base64"));

export function goldenPicture({ of = "picture" as const }: { readonly of?: "small" | "picture" }): Picture {
  const { width, height, data } = GOLDEN[of];
  return { width, height, channels: 3, data: bytesOf(data) };
}

/** [3, height, width] of a picture's [height, width, 3], values from 0 to 1. */
export function planarOf(data: Uint8Array): Float32Array {
  const pixels = data.length / 3;
  return Float32Array.from({ length: data.length }, (_, at) => {
    return data[3 * (at % pixels) + Math.floor(at / pixels)]! / 255;
  });
}

/** The result of a case, [3, height, width]; what was 8 bits from 0 to 1. */
export function goldenResult({ uint8, float32 }: GoldenCase): Float32Array {
  return uint8 === undefined ? new Float32Array(bytesOf(float32!).buffer) : planarOf(bytesOf(uint8));
}
