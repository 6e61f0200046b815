/** @file Real pictures with copies among them, as copies come about. */

import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { openDataset } from "../../src/data/dataset.js";
import { locateData } from "../../src/data/locate.js";

/**
 * `count` PNGs: of CIFAR-10's test pictures where INSTDISC_CIFAR10 says where they are, else of the embedded sample.
 * @returns their paths
 */
export async function writeRealPictures(folder: string, count: number): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const cifar = process.env["INSTDISC_CIFAR10"];
  const { train } = await locateData(cifar === undefined ? null : join(cifar, "test"), { seed: 0 });
  const dataset = await openDataset(train);
  const paths: string[] = [];
  for (let at = 0; at < count; at++) {
    const { width, height, channels, data } = await dataset.picture(Math.floor((at * dataset.size) / count));
    const path = join(folder, `${String(at).padStart(4, "0")}.png`);
    await sharp(data, { raw: { width, height, channels } }).png().toFile(path);
    paths.push(path);
  }
  return paths;
}

/** Beside a picture: saved again as JPEG, enlarged, mirrored, and cropped a little. @returns the names of all five */
export async function plantCopies(path: string): Promise<string[]> {
  const stem = path.replace(/\.png$/, "");
  const { width, height } = await sharp(path).metadata();
  const picture = (): Sharp => sharp(path);
  const crop = { left: 2, top: 1, width: width - 3, height: height - 2 };
  const copies: [string, Sharp][] = [
    ["saved.jpg", picture().jpeg({ quality: 75 })],
    [
      "large.jpg",
      picture()
        .resize(2 * width, 2 * height)
        .jpeg({ quality: 90 }),
    ],
    ["mirrored.png", picture().flop()],
    ["cropped.png", picture().extract(crop)],
  ];
  for (const [name, copy] of copies) await copy.toFile(`${stem}-${name}`);
  return [path, ...copies.map(([name]) => `${stem}-${name}`)].map((one) => basename(one)).sort();
}
