/** @file What the finders of all formats are told and what they answer. */

import path from "node:path";
import type { DataSource } from "../dataset.js";
import type { FolderListing, SkippedPath } from "../folders.js";

export interface FinderContext {
  /** The classes to number labels by, when another part of the data has settled them. */
  readonly knownClasses: readonly string[] | null;
  /** Gets what lies among the pictures and is not taken. */
  readonly skipped: SkippedPath[];
}

/** Pictures to learn from, and those to evaluate on where the data has such a part. */
export interface Parts {
  readonly train: DataSource;
  readonly evaluate: DataSource | null;
}

/** @returns null where the folder holds nothing of this format */
export type Finder = (listing: FolderListing, context: FinderContext) => Promise<Parts | null>;

/** Names of parts to evaluate on; the first that exists is taken. */
export const EVALUATION_PARTS = ["val", "validation", "valid", "test"] as const;

const PART_IN_NAME = /(?:^|[^a-z])(train|validation|valid|val|test)(?![a-z])/i;

/**
 * Sorts files by the part that their names tell: train-00000-of-00002.parquet, birds_val.tar. Without a train
 * file, all are taken to learn from.
 * @param skipped gets files whose names tell no part, where others do
 */
export function splitByName(
  { path: folder }: FolderListing,
  names: readonly string[],
  skipped: SkippedPath[],
): { train: readonly string[]; evaluate: readonly string[] } {
  const byPart = new Map<string, string[]>();
  for (const name of names) {
    const part = PART_IN_NAME.exec(name)?.[1]?.toLowerCase() ?? "";
    byPart.set(part, [...(byPart.get(part) ?? []), name]);
  }
  const train = byPart.get("train");
  if (train === undefined) return { train: names, evaluate: [] };
  for (const name of byPart.get("") ?? []) {
    skipped.push({
      path: path.join(folder, name),
      reason: "a name with neither train, val nor test beside some with",
    });
  }
  const part = EVALUATION_PARTS.find((wanted) => byPart.has(wanted));
  return { train, evaluate: byPart.get(part ?? "none") ?? [] };
}

/** Makes both parts with one function; the evaluation part's labels are numbered as in the first. */
export async function findParts(
  names: { train: readonly string[]; evaluate: readonly string[] },
  context: FinderContext,
  make: (names: readonly string[], context: FinderContext) => Promise<DataSource | null>,
): Promise<Parts | null> {
  const train = await make(names.train, context);
  if (train === null) return null;
  if (names.evaluate.length === 0) return { train, evaluate: null };
  return withEvaluation(train, await make(names.evaluate, { ...context, knownClasses: classesOf(train) }));
}

/** What the evaluation part's labels must be numbered by; null where the training pictures have no labels. */
export function classesOf(train: DataSource): readonly string[] | null {
  return train.classNames.length === 0 ? null : train.classNames;
}

/** Where classes are numbers, the evaluation part may have larger ones: both parts name them all then. */
export function withEvaluation(train: DataSource, evaluate: DataSource | null): Parts {
  if (evaluate === null || evaluate.classNames.length <= train.classNames.length) return { train, evaluate };
  if (train.classNames.length === 0) return { train, evaluate };
  return { train: { ...train, classNames: evaluate.classNames }, evaluate };
}
