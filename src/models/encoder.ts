/** @file An opened model: from pictures in memory to vectors, for search by picture and for servers. */

import { decodeModel } from "../codec/decode.js";
import type { Picture } from "../data/dataset.js";
import { createTransform } from "../data/transform.js";
import { ArtifactError } from "../errors.js";
import { encodeWith, EVALUATION_BATCH, type Encode } from "../evaluate/embed.js";
import { openSession } from "../runtime/node.js";
import type { Session } from "../runtime/session.js";
import type { Vectors } from "../search/vectors.js";
import type { Model } from "./model.js";

/** What an encoder gives: the embedding, of unit length, or the network's features before the last layer. */
export const ENCODER_OUTPUTS = ["image_embeds", "pooler_output"] as const;
export type EncoderOutput = (typeof ENCODER_OUTPUTS)[number];

export interface EncoderOptions {
  /** Threads that compute; default: as many as the machine has processors. */
  readonly threads?: number | undefined;
  /** Default: image_embeds. */
  readonly output?: EncoderOutput | undefined;
}

export interface Encoder {
  /** Numbers of a vector. */
  readonly dim: number;
  /** [pictures, dim], in this order; any number of pictures of any size. */
  embed(pictures: readonly Picture[]): Promise<Vectors>;
  /** The same for what the model's preprocessing made of pictures: [count, 3, imageSize, imageSize]. */
  readonly encode: Encode;
  close(): Promise<void>;
}

/**
 * Opens a model. Calls of embed may overlap; each computes on the thread that calls it.
 * @throws ArtifactError when the model has no such output; ProviderError when the runtime refuses it
 */
export async function openEncoder(model: Model, options: EncoderOptions = {}): Promise<Encoder> {
  const { threads, output = "image_embeds" } = options;
  const session = await openSession(model.encoder, model.where, { ep: "cpu", ...(threads && { threads }) });
  try {
    const dim = dimOf(model, session, output);
    const encode = encodeWith(session, model.preprocessing.imageSize, output, dim);
    const embed = embedder(model, encode, dim);
    return { dim, encode, embed, close: () => session.close() };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** The length of image_embeds is known without looking; that of other outputs stands in the model. */
function dimOf({ where, encoder, embeddingDim }: Model, session: Session, output: EncoderOutput): number {
  if (!session.outputs.includes(output)) {
    throw new ArtifactError(
      `${where}: gives ${session.outputs.join(", ")}, expected ${output}; choose another --output or model`,
    );
  }
  if (output === "image_embeds") return embeddingDim;
  const { outputs } = decodeModel(encoder, where).graph;
  const dim = outputs.find(({ name }) => name === output)?.value.shape[1];
  if (typeof dim === "number") return dim;
  throw new ArtifactError(
    `${where}: does not say how long ${output} is, expected shape [batch, length]; export the model again`,
  );
}

function embedder({ preprocessing }: Model, encode: Encode, dim: number): Encoder["embed"] {
  const { imageSize, resize, mean, std } = preprocessing;
  // The seed plays no part: the centre of a picture is no matter of chance.
  const kind = { kind: "evaluate", resize } as const;
  const transform = createTransform({ transform: kind, imageSize, mean, std, seed: 0 });
  const length = 3 * imageSize * imageSize;
  return async (pictures) => {
    const data = new Float32Array(pictures.length * dim);
    for (let first = 0; first < pictures.length; first += EVALUATION_BATCH) {
      const batch = pictures.slice(first, first + EVALUATION_BATCH);
      const pixels = new Float32Array(batch.length * length);
      batch.forEach((picture, at) => transform(picture, 0, 0, pixels, at * length));
      data.set((await encode(pixels, batch.length)).data, first * dim);
    }
    return { count: pictures.length, dim, data };
  };
}
