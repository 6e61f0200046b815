/** @file How near two augmented views of one picture lie: the alignment of an encoder, on a fixed sample. */

import type { AugmentOptions } from "../data/augment.js";
import type { Dataset } from "../data/dataset.js";
import { createTransform } from "../data/transform.js";
import { RandomStream } from "../random/philox.js";
import { EVALUATION_BATCH, type BatchOptions, type Encode } from "./embed.js";
import { readablePictures } from "./pictures.js";
import { alignment } from "./statistics.js";
import { shuffledRows } from "../search/vectors.js";

/** Each picture in sixteen, so that it costs little beside an epoch, but enough for a mean that holds still. */
const SHARE = 1 / 16;
const FEWEST = 64;
const MOST = 512;

/** How many of `count` pictures are looked at. */
export function sampleSize(count: number): number {
  return Math.min(count, MOST, Math.max(FEWEST, Math.floor(count * SHARE)));
}

/**
 * Mean squared distance between two views of a picture. Pictures and views depend on the seed alone, so that an epoch
 * can be compared with the next, and are none that training sees.
 * @returns null where no picture can be read
 */
export async function alignmentOfViews(
  { preprocessing, seed }: BatchOptions,
  augment: AugmentOptions,
  dataset: Dataset,
  encode: Encode,
): Promise<number | null> {
  const { imageSize, mean, std } = preprocessing;
  const stream = new RandomStream(seed, "alignment");
  const rows = shuffledRows(dataset.size, stream);
  const transform = createTransform({
    transform: { kind: "augment", options: augment },
    imageSize,
    mean,
    std,
    seed: stream.uint32(),
  });
  const length = 3 * imageSize * imageSize;
  const views = [0, 1].map(() => new Float32Array(EVALUATION_BATCH * length));
  let [sum, pictures, waiting] = [0, 0, 0];
  const compare = async (): Promise<void> => {
    if (waiting === 0) return;
    const some = await encode(views[0]!.slice(0, waiting * length), waiting);
    const others = await encode(views[1]!.slice(0, waiting * length), waiting);
    sum += alignment(some, others) * waiting;
    pictures += waiting;
    waiting = 0;
  };
  for await (const { row, picture } of readablePictures(dataset, rows, sampleSize(dataset.size))) {
    // The epoch of a training view is here the number of the view.
    views.forEach((view, epoch) => transform(picture, epoch, row, view, waiting * length));
    if (++waiting === EVALUATION_BATCH) await compare();
  }
  await compare();
  return pictures > 0 ? sum / pictures : null;
}
