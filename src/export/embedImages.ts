/** @file Vectors from the pixels of pictures, by a model that preprocesses them itself. */

import type { Picture } from "../data/dataset.js";
import { readPicture } from "../evaluate/pictures.js";
import type { Progress } from "../evaluate/embed.js";
import { openSession } from "../runtime/node.js";
import { floats, type Uint8Tensor } from "../runtime/session.js";
import type { Vectors } from "../search/vectors.js";
import type { TestPictures } from "./testPictures.js";

/** @returns a vector for each row; it means nothing where the picture cannot be read */
export async function embedImages(
  model: Uint8Array,
  where: string,
  dim: number,
  { dataset }: TestPictures,
  progress: Progress,
): Promise<Vectors> {
  const data = new Float32Array(dataset.size * dim);
  const session = await openSession(model, where, { ep: "cpu" });
  try {
    for (let row = 0; row < dataset.size; row++) {
      const picture = await readPicture(dataset, row);
      if (picture === null) continue;
      const vector = floats([1, dim], data.slice(0, dim));
      await session.run(new Map([["image", imageTensor(picture)]]), new Map([["image_embeds", vector]]));
      data.set(vector.data, row * dim);
      progress(row + 1, dataset.size);
    }
  } finally {
    await session.close();
  }
  return { count: dataset.size, dim, data };
}

/** [height, width, 3], gray three times where there is no colour. */
export function imageTensor({ width, height, channels, data }: Picture): Uint8Tensor {
  const shape = [height, width, 3];
  if (channels === 3) return { dtype: "uint8", shape, data: Uint8Array.from(data) };
  const pixels = new Uint8Array(3 * width * height);
  data.forEach((value, at) => pixels.fill(value, 3 * at, 3 * at + 3));
  return { dtype: "uint8", shape, data: pixels };
}
