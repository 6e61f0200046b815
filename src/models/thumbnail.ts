/** @file Pictures as they stand in pages: small, as data URIs. */

import { type Dataset, type Picture } from "../data/dataset.js";
import { encodeSmaller } from "../data/encode.js";
import { readPicture } from "../evaluate/pictures.js";
import type { Thumbnail } from "../report/gallery.js";

/** Twice what is drawn, for sharp screens. */
const SIDE = 272; // pixels
const COARSE_SIDE = 136;

export async function thumbnailOf(picture: Picture): Promise<Thumbnail> {
  const bytes = await encodeSmaller(picture, SIDE);
  return {
    dataUri: `data:image/jpeg;base64,${Buffer.from(bytes).toString("base64")}`,
    coarse: Math.max(picture.width, picture.height) < COARSE_SIDE,
  };
}

/** null: the picture cannot be read. */
export async function thumbnailAt(dataset: Dataset, row: number): Promise<Thumbnail | null> {
  const picture = await readPicture(dataset, row);
  return picture && thumbnailOf(picture);
}
