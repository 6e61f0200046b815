/** @file The bytes of the model files of an export, each saying of itself what it is. */

import { decodeModel } from "../codec/decode.js";
import { withMetadata } from "../codec/metadata.js";
import type { Progress } from "../evaluate/embed.js";
import type { Model } from "../models/model.js";
import type { CardFacts } from "./facts.js";
import { describeModel } from "./models/describe.js";
import type { Variant } from "./variants.js";

export interface ModelFile extends Variant {
  readonly bytes: Uint8Array;
}

/** Equal arguments give equal bytes. @param progress told of each before it is made, and at the end */
export function makeModelFiles(
  model: Model,
  { author, license }: Pick<CardFacts, "author" | "license">,
  variants: readonly Variant[],
  progress: Progress,
): readonly ModelFile[] {
  const metadata = {
    ...describeModel(model),
    ...(author === null ? {} : { model_author: author }),
    ...(license === "unknown" ? {} : { model_license: license }),
  };
  const files = variants.map((variant, at): ModelFile => {
    progress(at, variants.length);
    const made = variant.make(model.encoder, model.preprocessing);
    return { ...variant, bytes: withMetadata(made, { metadata }, variant.file) };
  });
  progress(files.length, variants.length);
  return files;
}

/** Length of pooler_output; null: the encoder has none. */
export function featuresOf({ encoder, where }: Model): number | null {
  const { outputs } = decodeModel(encoder, where).graph;
  const length = outputs.find(({ name }) => name === "pooler_output")?.value.shape[1];
  return typeof length === "number" ? length : null;
}
