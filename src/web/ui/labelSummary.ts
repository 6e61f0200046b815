/** @file How far labelling is, in numbers. */

import type { Labelling } from "../engine/labelling.js";
import type { Predictions } from "../engine/predict.js";

export interface ClassSummary {
  readonly name: string;
  /** Labelled by the reader. */
  readonly examples: number;
  /** Predicted with enough probability; examples are not among them. */
  readonly sure: number;
}

/** @param predictions null: none yet */
export function summarize(
  { classes, examples }: Labelling,
  predictions: Predictions | null,
  sureFrom: number,
): ClassSummary[] {
  const summaries = classes.map((name) => ({ name, examples: 0, sure: 0 }));
  const byName = new Map(summaries.map((summary) => [summary.name, summary]));
  for (const name of examples.values()) byName.get(name)!.examples++;
  predictions?.classOf.forEach((place, row) => {
    // A class may have gone since these were computed.
    const summary = summaries[place];
    if (summary && !examples.has(row) && predictions.probability[row]! >= sureFrom) summary.sure++;
  });
  return summaries;
}

/** Ways to look at the pictures while labelling. */
export const SOURCES = ["some", "like", "unsure", "given"] as const;
export type Source = (typeof SOURCES)[number];

interface Looking {
  readonly labelling: Labelling;
  readonly predictions: Predictions | null;
  readonly active: string | null;
}

/** Rows to show, the first first, at most `count`; without those that have a label already, except for "given". */
export function rowsToShow(
  source: Exclude<Source, "some">,
  { labelling, predictions, active }: Looking,
  count: number,
): number[] {
  const { classes, examples } = labelling;
  if (source === "given") return [...examples.keys()].reverse().slice(0, count);
  if (predictions === null || examples.size === 0) return [];
  const { classOf, probability, margin, nearest } = predictions;
  const place = classes.indexOf(active ?? "");
  const rows = Array.from(classOf.keys()).filter(
    (row) => !examples.has(row) && (source === "unsure" || classOf[row] === place),
  );
  const before =
    source === "unsure"
      ? (a: number, b: number) => margin[a]! - margin[b]! || nearest[a]! - nearest[b]!
      : (a: number, b: number) => probability[b]! - probability[a]! || nearest[b]! - nearest[a]!;
  return rows.sort(before).slice(0, count);
}
