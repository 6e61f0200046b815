/** @file Pictures beside the random views that are drawn of them, as the network will see them, on one sheet. */

import { DataError, UsageError } from "../errors.js";
import type { AugmentOptions } from "./augmentOptions.js";
import type { Dataset, Picture } from "./dataset.js";
import { fitPicture } from "./encode.js";
import { composeTiles, enlarge, rasterOfInput } from "./sheet.js";
import type { Raster } from "./sheet.js";
import { checkTransform, createTransform } from "./transform.js";
import type { Transform } from "./transform.js";

export interface ContactSheetOptions {
  readonly augment: AugmentOptions;
  readonly imageSize: number; // pixels, width and height of a view
  readonly seed: number; // 0 to 2^32 - 1
  readonly pictures: number; // rows of the sheet, >= 1; fewer if there are fewer
  readonly views: number; // of each picture, >= 1
  /** The first view is the one of this epoch, the next that of the next. */
  readonly epoch: number;
}

export interface ContactSheet {
  readonly raster: Raster;
  /** Pictures on it. */
  readonly pictures: number;
  /** Why pictures that were tried are not on it. */
  readonly broken: readonly string[];
}

/** Views smaller than this are enlarged by whole factors, as far as they stay below it. */
const COMFORTABLE_SIDE = 112; // pixels
const MOST_PIXELS = 100e6;
const STYLE = { gap: 4, background: [255, 255, 255] } as const;

/** Nothing is subtracted or divided, which drawing would have to undo. */
const AS_IT_IS = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

/** How many pixels wide and high one pixel of a view is drawn. */
export function enlargement(imageSize: number): number {
  return Math.max(1, Math.floor(COMFORTABLE_SIDE / imageSize));
}

/** @throws UsageError that lists every option out of range, or when the sheet would be too large to look at */
export function checkContactSheet(options: ContactSheetOptions): void {
  const { augment, imageSize, seed, pictures, views, epoch } = options;
  const faults = Object.entries({ pictures, views, epoch }).flatMap(([name, found]) => {
    const least = name === "epoch" ? 0 : 1;
    const fits = Number.isSafeInteger(found) && found >= least;
    return fits ? [] : [`${name}: found ${found}, expected a whole number of at least ${least}`];
  });
  if (faults.length > 0) throw new UsageError(`contact sheet: ${faults.join("; ")}; correct these options`);
  checkTransform({ transform: { kind: "augment", options: augment }, imageSize, seed, ...AS_IT_IS });
  const pixels = pictures * (views + 1) * (imageSize * enlargement(imageSize)) ** 2;
  if (pixels > MOST_PIXELS) {
    throw new UsageError(
      `contact sheet: found ${pictures} pictures with ${views} views of ${imageSize} pixels, expected at most ` +
        `${MOST_PIXELS / 1e6} million pixels in all; ask for fewer or smaller ones`,
    );
  }
}

/**
 * Draws one row for each picture: the whole of it, then its views. The pictures are spread evenly over the set; for a
 * broken one the next whole one is taken, up to where the next row of the sheet begins.
 * @throws UsageError (as a rejection) if an option is out of range
 * @throws DataError (as a rejection) if there is no whole picture among those tried
 */
export async function drawContactSheet(
  dataset: Dataset,
  options: ContactSheetOptions,
): Promise<ContactSheet> {
  checkContactSheet(options);
  const { augment, imageSize, seed, views } = options;
  const kind = { kind: "augment", options: augment } as const;
  const transform = createTransform({ transform: kind, imageSize, seed, ...AS_IT_IS });
  const count = Math.min(options.pictures, dataset.size);
  const rowOf = (place: number): number => Math.floor((place * dataset.size) / count);
  const tiles: Raster[] = [];
  const broken: string[] = [];
  for (let place = 0; place < count; place++) {
    const found = await firstWhole(dataset, rowOf(place), rowOf(place + 1), broken);
    if (found !== null) tiles.push(...(await drawRow(found, transform, options)));
  }
  if (tiles.length === 0) {
    throw new DataError(
      `${dataset.name}: found no whole picture among ${broken.length}, expected some to draw; the first: ${broken[0] ?? "none"}`,
    );
  }
  return {
    raster: composeTiles(tiles, views + 1, STYLE),
    pictures: tiles.length / (views + 1),
    broken,
  };
}

interface FoundPicture {
  readonly picture: Picture;
  readonly row: number;
}

/** The first picture of rows first ... end - 1 that can be read; what is wrong with those before it goes to `broken`. */
async function firstWhole(
  dataset: Dataset,
  first: number,
  end: number,
  broken: string[],
): Promise<FoundPicture | null> {
  for (let row = first; row < end; row++) {
    try {
      return { picture: await dataset.picture(row), row };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      broken.push(error.message);
    }
  }
  return null;
}

async function drawRow(
  { picture, row }: FoundPicture,
  transform: Transform,
  { imageSize, views, epoch }: ContactSheetOptions,
): Promise<Raster[]> {
  const factor = enlargement(imageSize);
  const tiles = [await fitPicture(picture, imageSize * factor, STYLE.background)];
  for (let view = 0; view < views; view++) {
    const values = new Float32Array(3 * imageSize * imageSize);
    transform(picture, epoch + view, row, values, 0);
    tiles.push(enlarge(rasterOfInput(values, imageSize, AS_IT_IS), factor));
  }
  return tiles;
}
