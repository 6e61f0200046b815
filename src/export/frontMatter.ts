/** @file What Hugging Face's hub reads of a model card: the YAML at its top. A door to yaml. */

import { stringify } from "yaml";
import { nameOfData, reached, type CardFacts } from "./facts.js";

/** @returns the block with its two lines of dashes */
export function frontMatter(facts: CardFacts): string {
  const { name, license, manifest } = facts;
  const results = resultsOf(facts);
  const fields = {
    license,
    library_name: "transformers.js",
    pipeline_tag: "image-feature-extraction",
    tags: [
      "onnx",
      "onnx-instdisc",
      "self-supervised",
      "instance-discrimination",
      "image-embeddings",
      manifest.recipe.arch,
    ],
    ...(results.length > 0 ? { metrics: ["accuracy"] } : {}),
    // The hub refuses a model-index without results.
    ...(results.length > 0 ? { "model-index": [{ name, results }] } : {}),
  };
  return `---\n${stringify(fields, { lineWidth: 0 })}---`;
}

function resultsOf({ run }: CardFacts): object[] {
  const metrics = reached(run).flatMap(({ k, top1, top5 }) => [
    { type: "accuracy", name: `kNN@${k} top-1`, value: points(top1) },
    ...(top5 === null ? [] : [{ type: "accuracy", name: `kNN@${k} top-5`, value: points(top5) }]),
  ]);
  if (run === null || metrics.length === 0) return [];
  const data = nameOfData(run);
  const dataset = {
    type: data
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, ""),
    name: data,
  };
  return [{ task: { type: "image-classification", name: "kNN classification" }, dataset, metrics }];
}

/** Percent, two digits after the point. */
const points = (share: number): number => Number((100 * share).toFixed(2));
