/** @file Run folders made by hand, from typed records. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RUN } from "../../src/run/layout.js";
import type { EmbeddingStatistics, KnnLevel, MetricRecord, TimingRecord } from "../../src/run/records.js";

export interface RunFiles {
  readonly metrics: readonly MetricRecord[];
  readonly timings?: readonly TimingRecord[];
  readonly config?: object;
  readonly environment?: object;
  readonly manifest?: object;
  /** By name. */
  readonly strips?: ReadonlyMap<string, Uint8Array>;
}

const lines = (records: readonly object[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join("");

export function writeRun(folder: string, run: RunFiles): void {
  mkdirSync(join(folder, RUN.exported), { recursive: true });
  mkdirSync(join(folder, RUN.neighbours));
  writeFileSync(join(folder, RUN.metrics), lines(run.metrics));
  const files: [string, string | Uint8Array | undefined][] = [
    [RUN.timings, run.timings && lines(run.timings)],
    [RUN.config, run.config && JSON.stringify(run.config)],
    [RUN.environment, run.environment && JSON.stringify(run.environment)],
    [`${RUN.exported}/manifest.json`, run.manifest && JSON.stringify(run.manifest)],
    ...[...(run.strips ?? [])].map(([name, png]): [string, Uint8Array] => [`${RUN.neighbours}/${name}`, png]),
  ];
  for (const [name, content] of files) if (content !== undefined) writeFileSync(join(folder, name), content);
}

/** Accuracy of 200 neighbours and of one. */
export const knn = (top1: number, top5: number | null = null): KnnLevel[] => [
  { k: 200, top1, top5 },
  { k: 1, top1: top1 / 2, top5: null },
];

/** What has to be beaten: 10 % by chance, 40 % by pixels, 30 % untrained. */
export const LEVELS: readonly MetricRecord[] = [
  { kind: "level", name: "chance", knn: [{ k: 0, top1: 0.1, top5: 0.5 }] },
  { kind: "level", name: "raw pixels", knn: knn(0.4, 0.75) },
  { kind: "level", name: "untrained network", knn: knn(0.3, 0.7) },
];

export const STEPS_PER_EPOCH = 10;

/** An epoch of ten steps and its evaluation; the loss falls by 0.1 a step. */
export function epoch(
  number: number,
  levels: readonly KnnLevel[],
  embedding: EmbeddingStatistics | null = null,
): MetricRecord[] {
  const step = number * STEPS_PER_EPOCH;
  const steps = Array.from({ length: STEPS_PER_EPOCH }, (_, at): MetricRecord => {
    const own = step - STEPS_PER_EPOCH + at + 1;
    return { kind: "step", step: own, epoch: number, loss: 10 - own / 10, learningRate: 0.03 };
  });
  return [
    ...steps,
    { kind: "epoch", step, epoch: number, loss: 10 - number },
    { kind: "evaluation", step, epoch: number, knn: levels, embedding, strips: `neighbours/${number}.png` },
  ];
}
