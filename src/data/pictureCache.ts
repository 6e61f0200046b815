/**
 * @file Keeps decoded pictures in memory up to a budget: decoding a small JPEG costs ten times its
 * augmentation, and every epoch asks for every picture once more.
 */

import type { Picture } from "./dataset.js";

/**
 * Wraps a reader of pictures. What came first stays: all rows are asked for equally often, so throwing one
 * out for another gains nothing.
 * @param budgetBytes of pixels; 0 keeps none
 */
export function cachePictures(
  read: (row: number) => Promise<Picture>,
  budgetBytes: number,
): (row: number) => Promise<Picture> {
  const kept = new Map<number, Picture>();
  let freeBytes = budgetBytes;
  return async (row) => {
    const known = kept.get(row);
    if (known !== undefined) return known;
    const picture = await read(row);
    if (picture.data.byteLength <= freeBytes && !kept.has(row)) {
      kept.set(row, picture);
      freeBytes -= picture.data.byteLength;
    }
    return picture;
  };
}
