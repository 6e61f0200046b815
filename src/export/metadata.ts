/** @file What every exported model file says of itself, for Netron and other tools that open it alone. */

import type { CardFacts } from "./facts.js";
import { levelsOf } from "./facts.js";

type ModelFacts = Pick<CardFacts, "name" | "license" | "author" | "manifest" | "temperature" | "run">;

/** Keys of ONNX's own list (model_author, model_license), then ours. All values are text. */
export function modelMetadata(facts: ModelFacts): Readonly<Record<string, string>> {
  const { name, license, author, manifest, temperature, run } = facts;
  const { seed, data } = manifest;
  const learned = run === null ? [] : levelsOf(run);
  return {
    model_name: name,
    ...(author === null ? {} : { model_author: author }),
    ...(license === "unknown" ? {} : { model_license: license }),
    embedding_size: String(manifest.recipe.embeddingDim),
    temperature: String(temperature),
    seed: String(seed),
    ...(data === null ? {} : { data_pictures: String(data.pictures), data_sha256: data.sha256 }),
    ...(learned.length === 0 ? {} : { knn: JSON.stringify(learned) }),
  };
}
