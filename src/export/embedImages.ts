/** @file Vectors from the pixels of pictures, by a model that preprocesses them itself. */

import type { Picture } from "../data/dataset.js";
import type { Progress } from "../evaluate/embed.js";
import { openSession } from "../runtime/node.js";
import { floats } from "../runtime/session.js";
import type { Vectors } from "../search/vectors.js";

export interface ImageModel {
  readonly model: Uint8Array;
  /** Names the model in messages. */
  readonly where: string;
  /** Length of its vectors. */
  readonly dim: number;
}

export interface Pictures {
  readonly count: number;
  /** null: it cannot be read. */
  at(row: number): Promise<Picture | null>;
}

/** @returns a vector for each picture; it means nothing where that cannot be read */
export async function embedImages(
  { model, where, dim }: ImageModel,
  { count, at }: Pictures,
  progress: Progress = () => {},
): Promise<Vectors> {
  const data = new Float32Array(count * dim);
  const session = await openSession(model, where, { ep: "cpu" });
  try {
    for (let row = 0; row < count; row++) {
      const picture = await at(row);
      if (picture === null) continue;
      const { width, height, data: pixels } = inColour(picture);
      const image = { dtype: "uint8", shape: [height, width, 3], data: pixels } as const;
      const vector = floats([1, dim]);
      await session.run(new Map([["image", image]]), new Map([["image_embeds", vector]]));
      data.set(vector.data, row * dim);
      progress(row + 1, count);
    }
  } finally {
    await session.close();
  }
  return { count, dim, data };
}

/** [height, width, 3] */
export interface Rgb {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Gray three times where there is no colour. */
export function inColour({ width, height, channels, data }: Picture): Rgb {
  if (channels === 3) return { width, height, data: Uint8Array.from(data) };
  const rgb = new Uint8Array(3 * data.length);
  data.forEach((value, at) => rgb.fill(value, 3 * at, 3 * at + 3));
  return { width, height, data: rgb };
}
