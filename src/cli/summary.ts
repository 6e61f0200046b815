/** @file Tables that build-graph and inspect share. */

import type { Recipe } from "../build/recipe.js";
import type { ArtifactSummary } from "../build/summary.js";
import { bytes, quantity, table } from "./format.js";

export function showSizes(sizes: ReadonlyMap<string, number>): string {
  return table([...sizes].map(([name, size]) => [name, bytes(size)]));
}

export function showSummary(summary: ArtifactSummary, recipe: Recipe): string {
  const { encoder, trainStep, instances, stateBytes, bankBytes } = summary;
  const pictures = instances.toLocaleString("en");
  const rows = [
    [
      "network",
      `${recipe.arch}, ${recipe.imageSize}×${recipe.imageSize} pixels to ${recipe.embeddingDim} numbers`,
    ],
    ["parameters", quantity(encoder.parameters)],
    ["one picture, forward", `${quantity(encoder.flops)}FLOP`],
    [`one step of ${recipe.batchSize}, ${pictures} in the bank`, `${quantity(trainStep.flops)}FLOP`],
    ["nodes: encoder, step", `${encoder.nodes}, ${trainStep.nodes}`],
    ["memory: values of a step, at most", `≈ ${bytes(trainStep.peakBytes)}`],
    ["memory: parameters, momentum, statistics", bytes(stateBytes)],
    [`memory: bank of ${pictures}`, bytes(bankBytes)],
  ];
  return table(rows, "left");
}
