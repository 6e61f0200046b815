/** @file The thread that decodes uploads and encodes them together. Started by encoder.ts only; it has no exports. */

import { workerData } from "node:worker_threads";
import type { Picture } from "../../data/dataset.js";
import { decodePicture } from "../../data/decode.js";
import { inLanes } from "../../data/lanes.js";
import { DataError } from "../../errors.js";
import { openEncoder, type Encoder } from "../../models/encoder.js";
import { answerQuestions } from "./answerQuestions.js";
import { MOST_PIXELS, type EncodedPicture, type EncoderSetup } from "./encoder.js";

/** Each takes MOST_PIXELS · 3 bytes at worst. */
const DECODED_AT_ONCE = 2;

/** @returns why not, where it is no picture */
async function decode(bytes: Uint8Array): Promise<Picture | string> {
  try {
    return await decodePicture(bytes, "upload", { mostPixels: MOST_PIXELS });
  } catch (error) {
    if (error instanceof DataError) return error.message;
    throw error;
  }
}

async function encodeAll(encoder: Encoder, uploads: readonly Uint8Array[]): Promise<EncodedPicture[]> {
  const decoded = await inLanes(uploads.length, DECODED_AT_ONCE, (at) => decode(uploads[at]!));
  const pictures = decoded.filter((one) => typeof one !== "string");
  const { dim, data } = await encoder.embed(pictures);
  let at = 0;
  return decoded.map((one) => {
    if (typeof one === "string") return { kind: "refused", reason: one };
    return { kind: "vector", vector: data.slice(at * dim, ++at * dim) };
  });
}

const { model, threads } = workerData as EncoderSetup;
await answerQuestions(async () => {
  const encoder = await openEncoder(model, { threads });
  return {
    answer: (uploads: readonly Uint8Array[]) => encodeAll(encoder, uploads),
    close: () => encoder.close(),
  };
});
