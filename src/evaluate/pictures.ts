/** @file A few pictures, chosen by row, where a loader would read them all. */

import type { Dataset, Picture } from "../data/dataset.js";
import { DataError } from "../errors.js";

/** null: the picture cannot be read. */
export async function readPicture(dataset: Dataset, row: number): Promise<Picture | null> {
  try {
    return await dataset.picture(row);
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}

/** A picture and where it stands. */
export interface Chosen {
  readonly row: number;
  readonly picture: Picture;
}

/** The first `most` readable pictures among `rows`, in this order. */
export async function* readablePictures(
  dataset: Dataset,
  rows: Iterable<number>,
  most: number,
): AsyncGenerator<Chosen> {
  let found = 0;
  for (const row of rows) {
    if (found === most) return;
    const picture = await readPicture(dataset, row);
    if (picture === null) continue;
    found++;
    yield { row, picture };
  }
}
