/** @file Whether a GPU computes what the CPU does: drivers are not all right. */

import type { Picture } from "../../data/dataset.js";
import type { WebEncoder } from "./encoder.js";

/** Cosine between the two vectors of one picture: rounding differs by far less. */
const LEAST_COSINE = 0.999;

type Embedder = Pick<WebEncoder, "embed">;

/**
 * @param side of the picture that both embed, pixels
 * @returns what is wrong with the GPU, for a person; null: both give the same vector
 */
export async function difference(wasm: Embedder, gpu: Embedder, side: number): Promise<string | null> {
  try {
    const picture = testPicture(side);
    const [expected, found] = [await wasm.embed(picture), await gpu.embed(picture)];
    const cosine = expected.reduce((sum, value, at) => sum + value * found[at]!, 0);
    return cosine >= LEAST_COSINE
      ? null
      : `the GPU's vectors differ from the CPU's: cosine ${cosine.toFixed(4)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Slopes and edges of all brightnesses. */
function testPicture(side: number): Picture {
  const data = new Uint8Array(3 * side * side);
  for (let at = 0; at < data.length; at++) {
    const [channel, x, y] = [at % 3, Math.floor(at / 3) % side, Math.floor(at / 3 / side)];
    data[at] = (x * (3 + channel) + y * (7 - channel) + (x * y) / (1 + channel)) % 256;
  }
  return { width: side, height: side, channels: 3, data };
}
