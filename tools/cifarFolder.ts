/** @file A part of CIFAR-10 as a folder of links, for programs that must read the same pictures. */

import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * Writes train/<class>/ and val/<class>/ anew: of each class the first pictures by name, as many of each class as of any.
 * @param cifar folder with train/<class>/*.jpg and test/<class>/*.jpg
 * @throws when there are fewer pictures than asked for
 */
export function linkCifar(cifar: string, folder: string, trainCount: number, valCount: number): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [from, to, count] of [
    ["train", "train", trainCount],
    ["test", "val", valCount],
  ] as const) {
    const classes = readdirSync(join(cifar, from)).sort();
    for (const name of classes) {
      const source = resolve(cifar, from, name);
      const files = readdirSync(source)
        .sort()
        .slice(0, count / classes.length);
      if (files.length < count / classes.length) {
        throw new Error(
          `${source}: found ${files.length} pictures, expected ${count / classes.length} or more`,
        );
      }
      mkdirSync(join(folder, to, name), { recursive: true });
      for (const file of files) symlinkSync(join(source, file), join(folder, to, name, file));
    }
  }
}
