/** @file What every benchmark says of itself: the machine, versions, and how figures spread. */

import { arch, availableParallelism, cpus, platform } from "node:os";
import { createRequire } from "node:module";
import sharp from "sharp";
import { VERSION } from "../../src/version.js";

export const MACHINE = `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} processors, ${platform()} ${arch()}`;

const ort = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };

export const VERSIONS = {
  node: process.version,
  onnxruntime: ort.version,
  sharp: sharp.versions.sharp,
  vips: sharp.versions.vips,
  onnxInstdisc: VERSION,
};

export interface Quartiles {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

export function quartiles(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) };
}
