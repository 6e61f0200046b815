/** @file Records as lines for people. Nothing here imports Node. */

import type { KnnLevel, MetricRecord } from "./records.js";

/** Names of files may hold line breaks, and worse. */
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, " ");

/** "2026-01-31T12:00:00.000Z text", in UTC: a line of train.log. */
export const logLine = (text: string): string => `${new Date().toISOString()} ${oneLine(text)}`;

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
