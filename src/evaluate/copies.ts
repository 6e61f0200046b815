/**
 * @file Which pictures are copies of which, decided from the pictures at hand.
 *
 * Two things are asked of a copy. It is as like its picture as copies are that we make of some of these pictures:
 * mirrored, cropped a little, saved again; that gives the threshold. And it stands out from the pictures that are merely
 * alike, for in some sets (garments, letters, bursts of one scene) any two are as like as copies elsewhere.
 *
 * Standing out: among n pictures that are no copies, around each of which the others lie as in m dimensions, the
 * ratio of the distances to the (j+1)th and the jth nearest is above r with probability r^(-jm). So ln r is exponential,
 * of mean 1 / (jm); 1/m is measured, as the median of all j ln r divided by ln 2, which copies change little, and a
 * ratio counts where chance would bring forth one such in ten sets like this. Distance is 1 - likeness. What differs by
 * rounding alone is a copy however many others do so too.
 *
 * Source of the ratio: Facco, d'Errico, Rodriguez and Laio, Scientific Reports 7, 12140 (2017).
 */

/** How like another picture is: see likeness.ts. */
export interface Partner {
  readonly row: number;
  readonly score: number;
}

export interface Copy {
  readonly a: number;
  readonly b: number;
  readonly score: number;
}

/** Share of our copies that may be less alike than the threshold. */
const LOST_SHARE = 0.01;
/** What passes where nothing was measured, and the least that ever does. */
const LOWEST_THRESHOLD = 0.9;
/** Sets like this in which chance stands out once: its inverse. */
const CHANCE = 0.1;
/** 1/m where there are too few pictures to measure it: a cautious guess. */
const CAUTIOUS_SPREAD = 0.3;
const FEWEST_PICTURES = 30;
/** Distances below are rounding. */
const SMALLEST_DISTANCE = 1e-4;
/** Likeness of the same pixels, but for rounding. */
const SAME = 0.9998;

/** @param scores of copies that were made of some of the pictures, to their originals */
export function copyThreshold(scores: readonly number[]): number {
  const rising = [...scores].sort((a, b) => a - b);
  return Math.max(LOWEST_THRESHOLD, rising[Math.floor(LOST_SHARE * rising.length)] ?? 0);
}

/**
 * @param partners for each picture the most alike, falling: those that may be copies and at least one more
 * @param count of all pictures
 * @returns each pair once
 */
export function findCopies(
  partners: readonly (readonly Partner[])[],
  threshold: number,
  count: number,
): Copy[] {
  const spread = spreadOf(partners);
  const needed = spread * Math.log(count / CHANCE);
  const pairs = new Map<string, Copy>();
  partners.forEach((near, row) => {
    for (const { row: other, score } of near.slice(0, standingOut(near, threshold, needed))) {
      const [a, b] = row < other ? [row, other] : [other, row];
      pairs.set(`${a} ${b}`, { a, b, score });
    }
  });
  return [...pairs.values()];
}

/** All pairs that are at least as alike. */
export function pairsAbove(partners: readonly (readonly Partner[])[], threshold: number): Copy[] {
  const pairs = partners.flatMap((near, row) =>
    near
      .filter(({ score }) => score >= threshold)
      .map(({ row: other, score }) => ({ a: Math.min(row, other), b: Math.max(row, other), score })),
  );
  return [...new Map(pairs.map((pair) => [`${pair.a} ${pair.b}`, pair])).values()];
}

const nearness = (score: number): number => -Math.log(Math.max(SMALLEST_DISTANCE, 1 - score));

/** 1/m */
function spreadOf(partners: readonly (readonly Partner[])[]): number {
  if (partners.length < FEWEST_PICTURES) return CAUTIOUS_SPREAD;
  const gaps = partners
    .flatMap((near) => near.slice(1).map((_, at) => gapAfter(near, at)))
    .sort((a, b) => a - b);
  return gaps.length === 0 ? CAUTIOUS_SPREAD : gaps[gaps.length >> 1]! / Math.LN2;
}

/** j ln r for the place `at`, which is j - 1. */
function gapAfter(near: readonly Partner[], at: number): number {
  return (at + 1) * (nearness(near[at]!.score) - nearness(near[at + 1]!.score));
}

/** How many of the nearest stand out together: those before the widest gap, where it is wide enough; else the same. */
function standingOut(near: readonly Partner[], threshold: number, needed: number): number {
  let [best, widest] = [0, 0];
  for (let at = 0; at < near.length - 1 && near[at]!.score >= threshold; at++) {
    const gap = gapAfter(near, at) / (at + 1);
    if (gap > widest) [best, widest] = [at + 1, gap];
  }
  const same = near.filter(({ score }) => score >= SAME).length;
  return best * widest >= needed ? Math.max(best, same) : same;
}
