/** @file A small set of real pictures for runs of the executable. */

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ROOT } from "./sources.js";

/**
 * `count` pictures to learn from and a fifth of them held out: CIFAR-10's JPEGs in class folders where
 * INSTDISC_CIFAR10 says where they are, else Fashion-MNIST's of the embedded sample as idx files.
 * @returns which
 */
export function writeSmallPictures(folder: string, count: number): "cifar10" | "sample" {
  const cifar = process.env["INSTDISC_CIFAR10"];
  if (cifar !== undefined && existsSync(join(cifar, "train"))) {
    copyClasses(join(cifar, "train"), join(folder, "train"), count);
    copyClasses(join(cifar, "test"), join(folder, "test"), count / 5);
    return "cifar10";
  }
  mkdirSync(folder, { recursive: true });
  writeIdxPart(folder, "train", 0, count);
  writeIdxPart(folder, "t10k", count, count / 5);
  return "sample";
}

function copyClasses(from: string, to: string, count: number): void {
  const classes = readdirSync(from).sort();
  for (const name of classes) {
    mkdirSync(join(to, name), { recursive: true });
    const files = readdirSync(join(from, name))
      .sort()
      .slice(0, count / classes.length);
    for (const file of files) copyFileSync(join(from, name, file), join(to, name, file));
  }
}

function writeIdxPart(folder: string, part: string, first: number, count: number): void {
  for (const [what, rank] of [
    ["images", 3],
    ["labels", 1],
  ] as const) {
    const path = join(ROOT, "src/data/sample", `t10k-${what}-idx${rank}-ubyte.gz`);
    const bytes = gunzipSync(readFileSync(path));
    const headerBytes = 4 + 4 * rank;
    const each = (bytes.length - headerBytes) / bytes.readUInt32BE(4);
    const header = Buffer.from(bytes.subarray(0, headerBytes));
    header.writeUInt32BE(count, 4);
    const values = bytes.subarray(headerBytes + first * each, headerBytes + (first + count) * each);
    writeFileSync(join(folder, `${part}-${what}-idx${rank}-ubyte`), Buffer.concat([header, values]));
  }
}
