/** @file What every benchmark says of itself: the machine, versions, and how figures spread. */

import { arch, availableParallelism, cpus, loadavg, platform } from "node:os";
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

/** Processes that were busy before the benchmark, by the system's mean over a minute; 0 where it keeps none. */
export const LOAD = loadavg()[0]!;
/** Share of the processors that may be busy with other things while figures still mean something. */
const QUIET = 0.25;

/** Says so where figures will mean little. */
export function warnIfBusy(): void {
  if (LOAD <= QUIET * availableParallelism()) return;
  process.stderr.write(
    `this machine is busy (load ${LOAD.toFixed(1)}): only compare figures that took turns, and measure again when it is quiet\n`,
  );
}

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
