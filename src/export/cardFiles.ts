/** @file The model files of a model card, with their sizes and how far each moves the vectors. */

import { bytes, percent } from "../report/text.js";
import type { CardFacts } from "./facts.js";
import { markdownTable, plain } from "./markdown.js";

const HEAD = ["file", "what", "size", "cosine, mean", "cosine, least", "same nearest", "same class"];

export function files({ models, comparison }: CardFacts): string {
  const rows = models.map(({ name, what, sizeBytes, drift }) => [
    `\`${name}\``,
    what,
    bytes(sizeBytes),
    ...[drift?.cosineMean, drift?.cosineMin].map((cosine) => cosine?.toFixed(6) ?? "–"),
    ...[drift?.sameNearest, drift?.sameClass].map((share) =>
      typeof share === "number" ? percent(share) : "–",
    ),
  ]);
  return `${markdownTable(HEAD, rows, 2)}\n\n${explanation(comparison)}`;
}

function explanation({ pictures, missing }: CardFacts["comparison"]): string {
  if (pictures === null) return `How far these files drift was not measured: ${plain(missing ?? "unknown")}.`;
  return (
    `Drift, measured on ${pictures} with ONNX Runtime on the CPU: the cosine between a picture's vector and the one that ` +
    "the encoder gave as it was trained, and the share of pictures whose nearest row of the memory bank, and whose class by " +
    "the vote of the 200 nearest, stay the same."
  );
}
