/**
 * @file Which pictures are copies of which, decided from the pictures at hand.
 *
 * Two things are asked of a copy. It is as like its picture as copies are that we make of some of these
 * pictures: mirrored, cropped a little, saved again; that gives the threshold. And it stands out from the
 * pictures that are merely alike, for in some sets (garments, letters, bursts of one scene) any two are as
 * like as copies elsewhere.
 *
 * Standing out: among pictures that are no copies, around each of which the others lie as in m dimensions,
 * the ratio r of the distances to the (j+1)th and the jth nearest is above q with probability q^(-jm). So j
 * ln r is exponential, of mean 1/m, and 1/m is measured as its median over all pictures, divided by ln 2.
 * Real pictures lie in clusters, where it grows with j: it is measured for each j; and since groups of j + 1
 * copies make it larger there, taken to be no larger than the mean of the four that follow. A ratio counts
 * where chance would bring forth one in a hundred sets like this.
 *
 * Distance is 1 - likeness, but no smaller than that of half of our copies: below, it says nothing of who is
 * nearer. What differs by rounding alone is a copy in any case. Copies that were found count as one from then
 * on, and the rest is looked at again: ten copies of one picture must not make another one stand out.
 *
 * Source of the ratio: Facco, d'Errico, Rodriguez and Laio, Scientific Reports 7, 12140 (2017).
 */

import { groupRows } from "../search/groups.js";

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

/** What was measured on copies that were made of some of the pictures. */
export interface CopyRule {
  readonly threshold: number;
  /** Half of these copies are as alike as that, or more: beyond, likeness says no more. */
  readonly usual: number;
}

/** Share of our copies that may be less alike than the threshold. */
const LOST_SHARE = 0.02;
/** What passes where nothing was measured, and the least that ever does. */
const LOWEST_THRESHOLD = 0.9;
/** Times that chance may make a picture stand out in a set like this. */
const CHANCE = 0.01;
/** Copies of one picture that may stand out together. */
const MOST_COPIES = 8;
/** Places after one that say what 1/m is about there. */
const FOLLOWING = 4;
/** 1/m where there are too few pictures to measure it: a cautious guess. */
const CAUTIOUS_SPREAD = 0.3;
const FEWEST_PICTURES = 30;
/** Likeness of the same pixels, but for rounding. */
const SAME = 0.9998;

/** @param scores of copies that were made of some of the pictures, to their originals */
export function copyThreshold(scores: readonly number[]): number {
  return Math.max(LOWEST_THRESHOLD, quantile(scores, LOST_SHARE));
}

/** @param scores as for copyThreshold */
export function copyRule(scores: readonly number[]): CopyRule {
  const threshold = copyThreshold(scores);
  return { threshold, usual: Math.max(threshold, quantile(scores, 0.5)) };
}

function quantile(scores: readonly number[], share: number): number {
  const rising = [...scores].sort((a, b) => a - b);
  return rising[Math.floor(share * rising.length)] ?? 0;
}

/**
 * @param partners for each picture the most alike: those that may be copies and at least one more
 * @returns pairs that hold groups of copies together, each once or from both sides
 */
export function findCopies(partners: readonly (readonly Partner[])[], rule: CopyRule): Copy[] {
  const copies = pairsAbove(partners, SAME);
  for (;;) {
    const lists = betweenGroups(partners, groupRows(partners.length, copies));
    const chances = Math.log((lists.length * MOST_COPIES) / CHANCE);
    const needed = spreads(lists, rule).map((spread) => spread * chances);
    const found = lists.flatMap((near) => near.slice(0, standingOut(near, rule, needed)));
    if (found.length === 0) return copies;
    copies.push(...found);
  }
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

/** For each group, and each picture of none, the most alike pair with each other one, falling. */
function betweenGroups(
  partners: readonly (readonly Partner[])[],
  groups: readonly (readonly number[])[],
): Copy[][] {
  const firsts = Int32Array.from(partners.keys());
  for (const group of groups) for (const row of group) firsts[row] = group[0]!;
  const best = new Map<number, Map<number, Copy>>(Array.from(firsts, (first) => [first, new Map()]));
  partners.forEach((near, a) => {
    const own = best.get(firsts[a]!)!;
    for (const { row: b, score } of near) {
      const other = firsts[b]!;
      if (other !== firsts[a] && score > (own.get(other)?.score ?? -Infinity))
        own.set(other, { a, b, score });
    }
  });
  return [...best.values()].map((own) => [...own.values()].sort((a, b) => b.score - a.score));
}

/** j ln r for place j - 1; null: nobody knows who is next. */
function gapAfter(near: readonly Copy[], place: number, { usual }: CopyRule): number | null {
  const next = near[place + 1];
  if (next === undefined) return null;
  const nearness = (score: number): number => -Math.log(1 - Math.min(usual, score));
  return (place + 1) * (nearness(near[place]!.score) - nearness(next.score));
}

/** 1/m by place. */
function spreads(lists: readonly (readonly Copy[])[], rule: CopyRule): number[] {
  if (lists.length < FEWEST_PICTURES) return Array<number>(MOST_COPIES).fill(CAUTIOUS_SPREAD);
  const found = Array.from({ length: MOST_COPIES + FOLLOWING }, (_, place) => {
    const gaps = lists.flatMap((near) => gapAfter(near, place, rule) ?? []).sort((a, b) => a - b);
    return gaps.length < FEWEST_PICTURES ? CAUTIOUS_SPREAD : gaps[gaps.length >> 1]! / Math.LN2;
  });
  return found.slice(0, MOST_COPIES).map((spread, place) => {
    const following = found.slice(place + 1, place + 1 + FOLLOWING);
    return Math.min(spread, following.reduce((sum, one) => sum + one, 0) / FOLLOWING);
  });
}

/** How many of the nearest stand out together: as few as may, 0 for none. */
function standingOut(near: readonly Copy[], rule: CopyRule, needed: readonly number[]): number {
  for (let place = 0; place < MOST_COPIES && (near[place]?.score ?? 0) >= rule.threshold; place++) {
    if ((gapAfter(near, place, rule) ?? 0) >= needed[place]!) return place + 1;
  }
  return 0;
}
