/** @file How the neighbours of one picture vote on its class, by the rule of src/knn/vote.ts, as shares. */

import type { Vote } from "../../knn/vote.js";
import type { Found } from "../engine/engine.js";

export interface Share {
  readonly className: string;
  /** Place of the class in classNames. */
  readonly place: number;
  /** In (0, 1]; all of a vote's are 1 together. */
  readonly share: number;
}

/**
 * @param found most similar first
 * @param labels [pictures] into classNames, -1: none, which has no vote
 * @returns classes that have a vote, the largest share first, the lower class among equals
 */
export function voteShares(
  found: readonly Found[],
  labels: ArrayLike<number>,
  classNames: readonly string[],
  { k, temperature }: Vote,
): Share[] {
  const votes = new Float64Array(classNames.length);
  const most = found[0]?.similarity ?? 0;
  let all = 0;
  for (const { row, similarity } of found.slice(0, k)) {
    const label = labels[row]!;
    if (label < 0) continue;
    const vote = Math.exp((similarity - most) / temperature);
    votes[label]! += vote;
    all += vote;
  }
  const shares = classNames.map((className, place) => ({ className, place, share: votes[place]! / all }));
  return shares.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share || a.place - b.place);
}
