/** @file Pictures for the benchmarks of loading: CIFAR-10 as it is, and JPEG files of the size that ImageNet's have. */

import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { linkCifar } from "../cifarFolder.js";

export const LARGE = { width: 500, height: 375 } as const;
const TILE = 32;
/** JPEG quality: files of 90 kB on average, not far from the 110 kB of ImageNet's. */
const QUALITY = 97;

/** Writes `count` links to CIFAR-10's pictures. @returns the folder of their class folders */
export function smallPictures(cifar: string, folder: string, count: number): string {
  linkCifar(cifar, folder, count, 10);
  return join(folder, "train");
}

/**
 * Writes `count` JPEG files of 500×375 pixels into a folder: mosaics of CIFAR-10's pictures, enlarged, so that they
 * have the detail of photographs and cost as much to decode.
 * @returns mean size of a file, bytes
 */
export async function largePictures(cifar: string, folder: string, count: number): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const tiles = readdirSync(join(cifar, "train")).flatMap((name) => {
    const source = join(cifar, "train", name);
    return readdirSync(source)
      .slice(0, count)
      .map((file) => join(source, file));
  });
  const [columns, rows] = [Math.ceil(LARGE.width / TILE), Math.ceil(LARGE.height / TILE)];
  const canvas = { width: columns * TILE, height: rows * TILE, channels: 3 as const, background: "black" };
  let bytes = 0;
  for (let at = 0; at < count; at++) {
    const layers = Array.from({ length: columns * rows }, (_, cell) => ({
      input: readFileSync(tiles[(at * columns * rows + cell * 7919) % tiles.length]!),
      left: TILE * (cell % columns),
      top: TILE * Math.floor(cell / columns),
    }));
    const mosaic = await sharp({ create: canvas }).composite(layers).png({ compressionLevel: 0 }).toBuffer();
    const file = join(folder, `${String(at).padStart(5, "0")}.jpg`);
    const whole = { left: 0, top: 0, ...LARGE };
    await sharp(mosaic).extract(whole).jpeg({ quality: QUALITY }).toFile(file);
    bytes += statSync(file).size;
  }
  return bytes / count;
}
