/** @file Pictures, files and folders that the data tests make for themselves. */

import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { openDataset } from "../../src/data/dataset.js";
import type { DataSource, Picture } from "../../src/data/dataset.js";

/** A temporary folder for each test of the current suite. @returns a function that gives its path */
export function useTemporaryFolder(): () => string {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "instdisc-data-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  return () => folder;
}

/** Writes a file below a folder, with the folders on its way. */
export async function put(folder: string, name: string, content: Uint8Array | string): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

/** A PNG of one colour: [height 2, width 3]. */
export function plainPng(color: string): Promise<Buffer> {
  return sharp({ create: { width: 3, height: 2, channels: 3, background: color } })
    .png()
    .toBuffer();
}

/** idx bytes: magic 00 00 08 rank, dimensions, values. */
export function idxBytes(shape: readonly number[], values: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * shape.length + values.length);
  bytes.writeUInt32BE(0x0800 | shape.length, 0);
  shape.forEach((extent, axis) => bytes.writeUInt32BE(extent, 4 + 4 * axis));
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}

/** Bytes that look random and are not. */
export function speckle(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (Math.imul(at + 1, 0x9e3779b1) >>> 24) & 0xff);
}

export function speckled(width: number, height: number, channels: 1 | 3): Picture {
  return { width, height, channels, data: speckle(width * height * channels) };
}

/** The one pixel value that fills the picture. */
export function onlyPixel({ data, channels }: Picture): number[] {
  const pixel = [...data.subarray(0, channels)];
  assert.deepEqual(
    [...data],
    [...data].map((_, at) => pixel[at % channels]),
  );
  return pixel;
}

/** Ids of all rows in order, after the journey that every source makes to a worker thread. */
export async function idsOf(source: DataSource | null): Promise<string[]> {
  assert.ok(source, "no pictures found");
  const dataset = await openDataset(structuredClone(source));
  return Array.from({ length: dataset.size }, (_, row) => dataset.id(row));
}

/** Labels of all rows in order. */
export async function labelsOf(source: DataSource | null): Promise<(number | null)[]> {
  assert.ok(source, "no pictures found");
  const dataset = await openDataset(structuredClone(source));
  return Array.from({ length: dataset.size }, (_, row) => dataset.label(row));
}

/** Every operation of the augmentation, at some strength. */
export const AUGMENT = {
  cropScale: [0.2, 1],
  cropRatio: [3 / 4, 4 / 3],
  flip: 0.5,
  brightness: 0.4,
  contrast: 0.4,
  saturation: 0.4,
  hue: 0.4,
  gray: 0.2,
} as const;
