/** @file Which of some ways to compute the same takes the least time. */

import { ProviderError } from "../errors.js";

export interface Contestant {
  readonly name: string;
  /** @throws ProviderError when the runtime cannot */
  run(): Promise<void>;
}

export interface RaceRules {
  /** Runs of each contestant, beside one that warms up. */
  readonly leastRounds: number;
  readonly mostRounds: number;
  /** Once the race has taken this long and the least number of rounds is run, it ends. */
  readonly enoughMs: number;
}

/** ms since some moment. */
export type Clock = () => number;

/** Contestants this many times slower than the best drop out, once one bad moment cannot be the reason. */
const HOPELESS = 1.5;
const ROUNDS_TO_PROVE = 2;
/** Shares of time that are no difference: noise does not overturn what shapes suggest. */
const TIE = 0.02;

/**
 * Runs all in turn, round by round, so that what slows the machine down for a while slows all of them.
 * @param deadline by the clock: a race that would not reach its least number of rounds until then is not run
 * @returns the best time of each that can be run, ms; nothing where there was no time
 */
export async function race(
  contestants: readonly Contestant[],
  { leastRounds, mostRounds, enoughMs }: RaceRules,
  clock: Clock,
  deadline = Infinity,
): Promise<Map<string, number>> {
  const best = new Map<string, number>();
  const warmUp = clock();
  let running = await ableOf(contestants);
  const began = clock();
  if (began + leastRounds * (began - warmUp) > deadline) return best;
  for (let round = 1; round <= mostRounds; round++) {
    for (const { name, run } of running) {
      const start = clock();
      await run();
      best.set(name, Math.min(clock() - start, best.get(name) ?? Infinity));
    }
    const now = clock();
    if (round >= leastRounds && (now >= deadline || now - began >= enoughMs)) break;
    if (round < ROUNDS_TO_PROVE) continue;
    const fastest = Math.min(...best.values());
    running = running.filter(({ name }) => best.get(name)! <= HOPELESS * fastest);
    if (running.length < 2) break;
  }
  return best;
}

/** Warms up. One that finds no memory for itself is no choice here, and no reason to fail. */
async function ableOf(contestants: readonly Contestant[]): Promise<readonly Contestant[]> {
  const able: Contestant[] = [];
  for (const contestant of contestants) {
    try {
      await contestant.run();
      able.push(contestant);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
    }
  }
  return able;
}

/** The fastest; `suggested`, where nothing is faster by more than chance. */
export function fastestOf(ms: ReadonlyMap<string, number>, suggested: string): string {
  const fastest = [...ms].reduce<readonly [string, number]>(
    (best, other) => (other[1] < best[1] ? other : best),
    [suggested, Infinity],
  );
  const known = ms.get(suggested) ?? Infinity;
  return known <= (1 + TIE) * fastest[1] ? suggested : fastest[0];
}
