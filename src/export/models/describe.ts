/** @file What every exported file says of where it comes from, as ONNX metadata. */

import type { Model } from "../../models/model.js";

/**
 * Keys under which tools look for it: embedding_dim, temperature, preprocessing (JSON), and where the model comes from a
 * run also seed, nce_k (noise rows a picture) and data_sha256. Author and licence are for the caller to add.
 */
export function describeModel({
  embeddingDim,
  temperature,
  preprocessing,
  manifest,
}: Pick<Model, "embeddingDim" | "temperature" | "preprocessing" | "manifest">): Record<string, string> {
  const objective = manifest?.recipe.objective;
  return {
    embedding_dim: String(embeddingDim),
    temperature: String(temperature),
    preprocessing: JSON.stringify(preprocessing),
    ...(manifest === null ? {} : { seed: String(manifest.seed) }),
    ...(objective && "negatives" in objective ? { nce_k: String(objective.negatives) } : {}),
    ...(manifest?.data ? { data_sha256: manifest.data.sha256 } : {}),
  };
}
