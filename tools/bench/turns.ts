/** @file Contestants that take turns, so that whatever else the machine does falls on all alike. */

import { setTimeout } from "node:timers/promises";
import { quartiles, type Quartiles } from "./machine.js";

export interface Contestant {
  readonly name: string;
  /** Seconds for so many repetitions of the work. */
  measure(count: number): Promise<number>;
}

/** A library's threads look for more work for a few milliseconds before they sleep; the next contestant is to be alone. */
const SETTLING_MS = 50;

/**
 * A B C A B C: each measures once in every round.
 * @param count repetitions of the work in a turn
 * @returns seconds of one repetition, by contestant, in the order of rounds
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  rounds: number,
  count = 1,
): Promise<Map<string, number[]>> {
  const seconds = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, measure } of contestants) {
      await setTimeout(SETTLING_MS);
      seconds.get(name)!.push((await measure(count)) / count);
    }
  }
  return seconds;
}

/** Repetitions that fill about this time, by the slowest contestant's last one. */
export function countFor(turnSeconds: number, slowestSeconds: number): number {
  return Math.max(1, Math.round(turnSeconds / slowestSeconds));
}

/** The one of `names` with the lowest median. */
export function fastest(names: readonly string[], seconds: ReadonlyMap<string, readonly number[]>): string {
  const median = (name: string): number => quartiles(seconds.get(name)!).median;
  return names.reduce((best, name) => (median(name) < median(best) ? name : best));
}

/** How many times as fast as `peer` a contestant was, round by round. */
export function timesAsFast(
  name: string,
  peer: string,
  seconds: ReadonlyMap<string, readonly number[]>,
): Quartiles {
  return quartiles(seconds.get(name)!.map((own, round) => seconds.get(peer)![round]! / own));
}

/** "1.02 (0.99–1.05)" */
export function spread({ median, lower, upper }: Quartiles, digits: number): string {
  return `${median.toFixed(digits)} (${lower.toFixed(digits)}–${upper.toFixed(digits)})`;
}
