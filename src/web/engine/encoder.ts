/** @file From a decoded picture to its vector: the transform of evaluation, then the encoder. */

import type { Collection } from "../../artifact/collection.js";
import type { Picture } from "../../data/dataset.js";
import { createTransform } from "../../data/transform.js";
import { ProviderError } from "../../errors.js";
import { floats, type Session } from "../../runtime/session.js";
import { openSession, type WebSessionOptions } from "../../runtime/web.js";

/** How pictures become input, and how long their vectors are. */
export type EncoderForm = Pick<Collection, "preprocessing" | "embeddingDim">;

export interface WebEncoder {
  readonly session: Session;
  /** @returns [D] of unit length */
  embed(picture: Picture): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * @param model bytes of encoder.onnx: pixel_values [batch, 3, H, W] → image_embeds [batch, D]
 * @throws ProviderError when the provider is not there or the runtime refuses the model
 */
export async function openEncoder(
  model: Uint8Array,
  { preprocessing, embeddingDim }: EncoderForm,
  options: WebSessionOptions,
): Promise<WebEncoder> {
  const { imageSize, resize, mean, std } = preprocessing;
  const transform = createTransform({
    transform: { kind: "evaluate", resize },
    ...{ imageSize, mean, std, seed: 0 },
  });
  const session = await openSession(model, "encoder.onnx", options);
  return {
    session,
    async embed(picture) {
      const pixels = floats([1, 3, imageSize, imageSize]);
      transform(picture, 0, 0, pixels.data, 0);
      const embeddings = floats([1, embeddingDim]);
      await session.run(new Map([["pixel_values", pixels]]), new Map([["image_embeds", embeddings]]));
      if (!embeddings.data.every(Number.isFinite)) {
        throw new ProviderError(
          `encoder.onnx: ${session.ep} computed numbers that are not finite, expected a unit vector; ` +
            `choose the other runtime`,
        );
      }
      return embeddings.data;
    },
    close: () => session.close(),
  };
}
