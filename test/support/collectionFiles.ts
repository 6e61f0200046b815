/** @file A collection's files as the page reads them, and pictures as it shows them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COLLECTION, parseCollection } from "../../src/artifact/collection.js";
import type { Picture } from "../../src/data/dataset.js";
import { readVectors, type LoadedCollection } from "../../src/web/engine/loadCollection.js";

export function readCollection(folder: string): LoadedCollection {
  const description = parseCollection(readFileSync(join(folder, COLLECTION.description), "utf8"), folder);
  return readVectors(readFileSync(join(folder, COLLECTION.vectors)), folder, description);
}

export function inColour({ width, height, channels, data }: Picture): Picture {
  if (channels === 3) return { width, height, channels, data };
  const rgb = Uint8Array.from({ length: 3 * data.length }, (_, at) => data[Math.floor(at / 3)]!);
  return { width, height, channels: 3, data: rgb };
}
