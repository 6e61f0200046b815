/** @file Uploads to vectors: many at once, in a thread of their own. */

import type { Model } from "../../models/model.js";
import { HttpError } from "../http/httpError.js";
import { BatchQueue } from "./batchQueue.js";
import { Thread } from "./thread.js";

/** What the thread starts with. */
export interface EncoderSetup {
  readonly model: Model;
  /** Default: as many as the machine has processors. */
  readonly threads: number | undefined;
}

export type EncodedPicture =
  | { readonly kind: "vector"; readonly vector: Float32Array<ArrayBuffer> }
  | { readonly kind: "refused"; readonly reason: string };

/** Larger ones are refused: what a camera makes is smaller, and a small file can claim any size. */
export const MOST_PIXELS = 64_000_000;
/** Larger batches are no faster, and keep their first picture waiting. */
const MOST_AT_ONCE = 32;

export interface UploadEncoder {
  /** Uploads whose turn has not come. */
  readonly waiting: number;
  readonly isAlive: boolean;
  /**
   * @returns [D] of unit length
   * @throws HttpError 422 when it is no picture, 503 when too many wait, 499 when the signal is aborted
   */
  encode(upload: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Float32Array<ArrayBuffer>>;
  close(): Promise<void>;
}

export async function startEncoder(setup: EncoderSetup, mostWaiting: number): Promise<UploadEncoder> {
  const file = new URL("./encodeThread.js", import.meta.url);
  const thread = await Thread.start<readonly Uint8Array[], readonly EncodedPicture[]>(file, setup, "encoder");
  const queue = new BatchQueue<Uint8Array<ArrayBuffer>, Float32Array<ArrayBuffer>>({
    name: "encoder",
    mostWaiting,
    mostAtOnce: MOST_AT_ONCE,
    run: async (uploads) => {
      const encoded = await thread.ask(
        uploads,
        uploads.map(({ buffer }) => buffer),
      );
      return encoded.map((one) => (one.kind === "vector" ? one.vector : refused(one.reason)));
    },
  });
  return {
    get waiting() {
      return queue.waiting;
    },
    get isAlive() {
      return thread.isAlive;
    },
    encode: (upload, signal) => queue.submit(upload, signal),
    close: () => thread.close(),
  };
}

function refused(reason: string): HttpError {
  return new HttpError(422, "not_a_picture", `${reason} (at most ${MOST_PIXELS} pixels)`);
}
