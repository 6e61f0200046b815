/** @file What an exported folder tells of its encoder, and from where. */

import { basename } from "node:path";
import type { Manifest } from "../artifact/manifest.js";
import { valueAt, type RunRecords } from "../report/runRecords.js";
import { LEVELS, type KnnLevel } from "../run/records.js";
import type { Agreement } from "./agreement.js";

export interface ExportedFile {
  /** With "/" between folder and file. */
  readonly name: string;
  readonly sizeBytes: number;
  /** What it is, in a few words. */
  readonly what: string;
  /** Against the encoder as trained; null: not a model, or not measured. */
  readonly drift: Agreement | null;
}

export interface Comparison {
  /** Such as "500 held-out pictures"; null: nothing was compared. */
  readonly pictures: string | null;
  /** Why not, as a sentence without its full stop; null: something was compared. */
  readonly missing: string | null;
}

export interface CardFacts {
  readonly name: string;
  /** As Hugging Face names it, such as "mit". */
  readonly license: string;
  readonly author: string | null;
  readonly manifest: Manifest;
  /** τ of the objective, 1 where it has none; the kNN vote uses it too, unless the run names another. */
  readonly temperature: number;
  /** Length of pooler_output. */
  readonly features: number | null;
  /** null: the artifact is not from a run. */
  readonly run: RunRecords | null;
  readonly models: readonly ExportedFile[];
  /** Of the models that transformers.js loads, as it calls them; fp32 first. */
  readonly dtypes: readonly string[];
  readonly comparison: Comparison;
  /** File of the curves; null: none were drawn. */
  readonly curves: string | null;
}

/** A row of the table of accuracies. */
export interface Level {
  readonly title: string;
  readonly knn: readonly KnnLevel[];
}

/** Accuracy on held-out pictures: what learning had to beat, and what it reached, last. */
export function levelsOf({ levels, evaluations }: RunRecords): readonly Level[] {
  const known = LEVELS.flatMap((title): Level[] => {
    const knn = levels.get(title) ?? [];
    return knn.length > 0 ? [{ title, knn }] : [];
  });
  const latest = evaluations.at(-1);
  if (levels.has("learned") || !latest || latest.knn.length === 0) return known;
  return [...known, { title: `after epoch ${latest.epoch}, against the bank`, knn: latest.knn }];
}

/** What the encoder reached; empty where nothing is known. */
export function reached(run: RunRecords | null): readonly KnnLevel[] {
  if (run === null) return [];
  return run.levels.get("learned") ?? run.evaluations.at(-1)?.knn ?? [];
}

/** What a person would call the pictures; never a path of the machine. */
export function nameOfData(run: RunRecords): string {
  const data = valueAt(run.config, "data");
  return typeof data === "string" ? basename(data) : "Fashion-MNIST";
}
