/** @file The bank before the first step: embeddings of all pictures by the untrained network. Nothing here imports Node. */

import type { Manifest } from "../artifact/manifest.js";
import type { Batch, BrokenPicture } from "../data/loader.js";
import { RandomStream } from "../random/philox.js";
import { floats, type FloatTensor, type Session } from "../runtime/session.js";
import type { TrainState } from "./state.js";

/** Batches in their order, as a Loader gives them. */
export interface Batches {
  /** null after the last. */
  next(): Promise<Batch | null>;
  recycle(batch: Batch): void;
}

export interface BankFiller {
  /** Of bank_init.onnx. */
  readonly session: Session;
  readonly state: TrainState;
  /** All pictures once, as they are evaluated. */
  readonly batches: Batches;
  /** n: pictures. */
  readonly instances: number;
  readonly recipe: Pick<Manifest["recipe"], "batchSize" | "embeddingDim" | "imageSize">;
  readonly seed: number;
}

/**
 * Bank [instances, D].
 * @param tellBroken takes the pictures that cannot be read; their rows become random unit vectors
 */
export async function forwardBank(
  { session, state, batches, instances, recipe, seed }: BankFiller,
  tellBroken: (pictures: readonly BrokenPicture[]) => void,
  progress: (done: number, total: number) => void,
): Promise<FloatTensor> {
  const { batchSize, embeddingDim, imageSize } = recipe;
  const bank = floats([instances, embeddingDim]);
  const pictures = floats([batchSize, 3, imageSize, imageSize]);
  const embeddings = floats([batchSize, embeddingDim]);
  const feeds = new Map([...state.tensors("parameter"), ["pixel_values", pictures] as const]);
  let first = 0;
  for (let batch = await batches.next(); batch !== null; batch = await batches.next()) {
    takePictures(pictures.data, batch, first);
    await session.run(feeds, new Map([["image_embeds", embeddings]]));
    bank.data.set(embeddings.data.subarray(0, batch.count * embeddingDim), first * embeddingDim);
    for (const { row } of batch.broken) {
      bank.data.set(unitVector(embeddingDim, new RandomStream(seed, "broken", row)), row * embeddingDim);
    }
    tellBroken(batch.broken);
    first += batch.count;
    batches.recycle(batch);
    progress(first, instances);
  }
  return bank;
}

/**
 * Copies what can be read of a batch over the one before: pictures that stay complete a last batch that is not full, and
 * stand where one is broken, so that the batch's statistics stay sound.
 * @param first row of the batch's first picture
 */
function takePictures(into: Float32Array, { pixelValues, rows, count, broken }: Batch, first: number): void {
  const length = into.length / rows.length; // numbers of a picture
  const missing = new Set(broken.map(({ row }) => row - first));
  const readable = Array.from({ length: count }, (_, slot) => slot).filter((slot) => !missing.has(slot));
  for (let slot = 0; slot < count; slot++) {
    // In the first batch there is none before: another one of its own stands in.
    const from = missing.has(slot) ? (first === 0 ? readable[0] : undefined) : slot;
    if (from !== undefined) into.set(pixelValues.subarray(from * length, (from + 1) * length), slot * length);
  }
}

/** [dim], in a uniform direction. */
function unitVector(dim: number, stream: RandomStream): Float64Array {
  const vector = Float64Array.from({ length: dim }, () => stream.normal());
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
