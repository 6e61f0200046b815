/** @file What a run wrote of itself: losses and accuracies. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

type Line = Readonly<Record<string, unknown>>;

function linesOf(run: string, kind: string): Line[] {
  const text = readFileSync(join(run, "metrics.jsonl"), "utf8");
  const lines = text.trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Line).filter((line) => line["kind"] === kind);
}

const numbers = (lines: readonly Line[], name: string): number[] => lines.map((line) => line[name] as number);

/** Of each step, nats. */
export const lossesOf = (run: string): number[] => numbers(linesOf(run, "step"), "loss");

/** Means over epochs, nats. */
export const epochLossesOf = (run: string): number[] => numbers(linesOf(run, "epoch"), "loss");

/** Share of right answers of kNN with this k, by epoch that was evaluated. */
export function accuraciesOf(run: string, k: number): { readonly epoch: number; readonly top1: number }[] {
  return linesOf(run, "evaluation").flatMap(({ epoch, knn }) => {
    const found = (knn as readonly { readonly k: number; readonly top1: number }[]).find(
      (one) => one.k === k,
    );
    return found === undefined ? [] : [{ epoch: epoch as number, top1: found.top1 }];
  });
}
