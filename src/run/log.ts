/** @file train.log: the lines of a run that are worth keeping, each with its time. */

import { join } from "node:path";
import { RUN } from "./layout.js";
import { LinesFile } from "./lines.js";
import type { KnnLevel, MetricRecord } from "./records.js";

export class RunLog {
  readonly #lines: LinesFile;

  /** @throws ArtifactError when it cannot be opened */
  constructor(folder: string) {
    this.#lines = new LinesFile(join(folder, RUN.log));
    this.#lines.dropTornLine();
  }

  /** "2026-01-31T12:00:00.000Z text", in UTC. */
  append(text: string): void {
    this.#lines.append(`${new Date().toISOString()} ${oneLine(text)}`);
  }

  close(): void {
    this.#lines.close();
  }
}

/** Names of files may hold line breaks, and worse. */
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, " ");

/** The reason names the picture. */
export function tellBroken({ reason }: Extract<MetricRecord, { readonly kind: "broken" }>): string {
  return oneLine(`broken picture: ${reason}`);
}

/** A record as a line for people; null for single steps. */
export function describeRecord(record: MetricRecord): string | null {
  switch (record.kind) {
    case "step":
      return null;
    case "level":
      return `${record.name}: ${showKnn(record.knn)}`;
    case "epoch":
      return `epoch ${record.epoch}, step ${record.step}: loss ${record.loss.toFixed(4)}`;
    case "evaluation":
      return record.knn.length > 0 ? `step ${record.step}: ${showKnn(record.knn)}` : null;
    case "broken":
      return tellBroken(record);
  }
}

function showKnn(levels: readonly KnnLevel[]): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return levels.map(({ k, top1 }) => (k > 0 ? `kNN(${k}) ${percent(top1)}` : percent(top1))).join(", ");
}
