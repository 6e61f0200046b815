/** @file Pictures of the collection that is open, as files to learn from: its thumbnails, which are here anyway. */

import type { Engine } from "../../engine/engine.js";
import { pictureFile } from "../../learn/learn.js";
import { sampleRows } from "../sample.js";
import type { Sprites } from "../sprites.js";
import { sortOut, type Given } from "./sortOut.js";

/** Enough to see how it learns, few enough to see it soon. */
const MOST_TRIED = 1000;
/** Between two words of progress, and rests for the page. */
const AT_ONCE = 16;

export function triedPictures({ collection }: Engine): number {
  return Math.min(MOST_TRIED, collection.pictures);
}

/**
 * Pictures from all over the collection, always the same ones.
 * @param onFile called with how many are cut out so far
 */
export async function collectionFiles(
  engine: Engine,
  sprites: Sprites,
  onFile: (found: number) => void,
): Promise<Given> {
  const rows = sampleRows(engine.collection.pictures, triedPictures(engine), 0);
  const files = [];
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    const some = rows.slice(at, at + AT_ONCE);
    const pictures = await Promise.all(some.map((row) => sprites.cut(row)));
    // A row's id may have any form: in front of it, the row makes a name of it that no other has.
    files.push(...pictures.map((picture, place) => cutFile(picture, some[place]!, engine)));
    onFile(files.length);
  }
  return { ...sortOut(files), name: engine.collection.name };
}

function cutFile(picture: Blob, row: number, { ids }: Engine) {
  const name = ids[row]!.replaceAll(/[^\w.-]+/g, "_").replace(/\.[A-Za-z]{3,4}$/, "");
  return pictureFile(new File([picture], `${name}.png`, { type: "image/png" }), `${row}-${name}.png`);
}
