/**
 * @file What lies in a run folder, as far as it can be read: a run may still be going on, have been killed in the
 * middle of a line, or have been copied without some of its files.
 */

import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ArtifactError } from "../errors.js";
import { RUN } from "../run/layout.js";
import type { KnnLevel, LevelName, MetricRecord, TimingRecord } from "../run/records.js";

export type RecordOf<K extends MetricRecord["kind"]> = Extract<MetricRecord, { readonly kind: K }>;

export type JsonObject = Readonly<Record<string, unknown>>;

export interface RunRecords {
  /** Of the folder. */
  readonly name: string;
  readonly folder: string;
  readonly levels: ReadonlyMap<LevelName, readonly KnnLevel[]>;
  readonly steps: readonly RecordOf<"step">[];
  readonly epochs: readonly RecordOf<"epoch">[];
  readonly evaluations: readonly RecordOf<"evaluation">[];
  readonly broken: readonly RecordOf<"broken">[];
  readonly timings: readonly TimingRecord[];
  /** null: the file is missing or damaged. */
  readonly config: JsonObject | null;
  readonly environment: JsonObject | null;
  readonly manifest: JsonObject | null;
}

/** @throws ArtifactError when the folder has no metrics.jsonl */
export async function readRun(folder: string): Promise<RunRecords> {
  const path = join(folder, RUN.metrics);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ArtifactError(
      `${path}: cannot be read (${error.code}), expected the folder of a run; give the --out of a training`,
      { cause: error },
    );
  });
  const records = jsonLines(text).filter(isMetric);
  const kind = <K extends MetricRecord["kind"]>(wanted: K) =>
    records.filter((record): record is RecordOf<K> => record.kind === wanted);
  const timings = await readFile(join(folder, RUN.timings), "utf8").catch(() => "");
  return {
    name: basename(resolve(folder)),
    folder,
    levels: new Map(kind("level").map(({ name, knn }) => [name, knn])),
    steps: kind("step"),
    epochs: kind("epoch"),
    evaluations: kind("evaluation"),
    broken: kind("broken"),
    timings: lastTaken(jsonLines(timings).filter(isTiming)),
    config: await readObject(join(folder, RUN.config)),
    environment: await readObject(join(folder, RUN.environment)),
    manifest: await readObject(join(folder, RUN.exported, "manifest.json")),
  };
}

/** A resumed run takes steps again that it had lost: those of before are left out. */
function lastTaken(timings: readonly TimingRecord[]): TimingRecord[] {
  const kept: TimingRecord[] = [];
  for (const timing of timings.toReversed()) {
    if (timing.step < (kept.at(-1)?.step ?? Infinity)) kept.push(timing);
  }
  return kept.reverse();
}

/** A value inside nested objects; undefined where there is none. */
export function valueAt(object: JsonObject | null, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), object);
}

/** Objects, one a line; what does not parse, such as a line cut short, is left out. */
function jsonLines(text: string): object[] {
  return text
    .split("\n")
    .map(parseObject)
    .filter((line) => line !== null);
}

async function readObject(path: string): Promise<JsonObject | null> {
  return parseObject(await readFile(path, "utf8").catch(() => ""));
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Records of another version, or lines from elsewhere, are no reason to have no report. */
function isMetric(record: object): record is MetricRecord {
  const { kind, knn } = record as { readonly kind?: unknown; readonly knn?: unknown };
  switch (kind) {
    case "level":
      return isKnn(knn);
    case "step":
      return hasNumbers(record, "step", "epoch", "loss", "learningRate");
    case "epoch":
      return hasNumbers(record, "step", "epoch", "loss");
    case "evaluation":
      return hasNumbers(record, "step", "epoch") && isKnn(knn) && isEmbedding(record);
    case "broken":
      return "id" in record && "reason" in record;
    default:
      return false;
  }
}

const isTiming = (record: object): record is TimingRecord =>
  hasNumbers(record, "step", "seconds", "picturesPerSecond", "waiting");

const isKnn = (knn: unknown): boolean =>
  Array.isArray(knn) && knn.every((level) => isObject(level) && hasNumbers(level, "k", "top1"));

function isEmbedding(record: object): boolean {
  const { embedding } = record as { readonly embedding?: unknown };
  if (embedding === null) return true;
  return isObject(embedding) && hasNumbers(embedding, "alignment", "uniformity", "effectiveRank");
}

function hasNumbers(record: object, ...names: readonly string[]): boolean {
  return names.every((name) => typeof (record as JsonObject)[name] === "number");
}
