/** @file Thumbnails, many on one JPEG: a page that shows hundreds of pictures asks for a few files. */

import { join } from "node:path";
import { sheetName } from "../../artifact/collection.js";
import { atomicWrite } from "../../artifact/node.js";
import { encodeJpeg, fitPicture } from "../../data/encode.js";
import { inLanes } from "../../data/lanes.js";
import { composeTiles, type Raster } from "../../data/sheet.js";
import { DataError } from "../../errors.js";
import type { TellProgress } from "../progress.js";
import { COLUMNS, PER_SHEET, TILE } from "./packCollection.js";
import type { CollectionSource } from "./source.js";

/** Pictures decoded at once: as many threads as libuv has for it. */
const AT_ONCE = 4;
const PAPER = [255, 255, 255] as const;

/**
 * Writes 0000.jpg, 0001.jpg, … into a folder that is there.
 * @returns rows of the source that could be read, rising: thumbnail t is of the t-th
 * @throws DataError (as a rejection) when not one picture can be read; ArtifactError when the folder cannot be written
 */
export async function writeSprites(
  source: CollectionSource,
  folder: string,
  tell: TellProgress,
): Promise<Int32Array> {
  const total = source.ids.length;
  const kept: number[] = [];
  let waiting: Raster[] = [];
  let sheets = 0;
  const flush = async (): Promise<void> => {
    const sheet = composeTiles(waiting.slice(0, PER_SHEET), COLUMNS, { gap: 0, background: PAPER });
    waiting = waiting.slice(PER_SHEET);
    await atomicWrite(join(folder, sheetName(sheets++)), await encodeJpeg(sheet));
  };
  for (let first = 0; first < total; first += PER_SHEET) {
    const count = Math.min(PER_SHEET, total - first);
    const tiles = await inLanes(count, AT_ONCE, (at) => thumbnail(source, first + at));
    tiles.forEach((tile, at) => {
      if (tile === null) return;
      kept.push(first + at);
      waiting.push(tile);
    });
    if (waiting.length >= PER_SHEET) await flush();
    tell("thumbnails", first + count, total);
  }
  if (waiting.length > 0) await flush();
  if (kept.length === 0) {
    throw new DataError(
      `${source.name}: found no picture that can be read among ${total}, expected some to show; put them back where they were`,
    );
  }
  return Int32Array.from(kept);
}

/** null: it cannot be read. */
async function thumbnail(source: CollectionSource, row: number): Promise<Raster | null> {
  try {
    return await fitPicture(await source.picture(source.ids[row]!), TILE, PAPER);
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}
