/** @file Weighted k-nearest-neighbour classification, by the protocol of Wu et al. 2018, section 3.4. */

/** What a search found: for each query its nearest rows, most similar first. */
export interface Neighbours {
  readonly count: number;
  readonly k: number;
  /** [count, k] cosines, falling */
  readonly similarities: Float32Array;
  /** [count, k] rows of the bank */
  readonly rows: BigInt64Array;
}

/** How neighbours vote. */
export interface Vote {
  /** Nearest rows that vote, at most the k of the search. */
  readonly k: number;
  /** τ > 0: a row's vote is exp(similarity / τ). */
  readonly temperature: number;
}

/**
 * The class with most votes of each query, the lower class among equals.
 * @param labels of the bank's rows, whole numbers from 0
 * @returns [count] classes
 */
export function classify(found: Neighbours, labels: ArrayLike<number>, vote: Vote): Int32Array {
  const winners = new Int32Array(found.count);
  const votes = emptyVotes(labels);
  for (let query = 0; query < found.count; query++) {
    castVotes(votes, found, query, labels, vote);
    winners[query] = votes.indexOf(votes.reduce((most, own) => Math.max(most, own), -Infinity));
  }
  return winners;
}

/**
 * What part of one query's votes each class has.
 * @param query 0 to found.count - 1
 * @param labels of the bank's rows, whole numbers from 0
 * @returns [classes] in [0, 1], together 1
 */
export function shares(
  found: Neighbours,
  query: number,
  labels: ArrayLike<number>,
  vote: Vote,
): Float64Array {
  const votes = emptyVotes(labels);
  castVotes(votes, found, query, labels, vote);
  const all = votes.reduce((sum, own) => sum + own, 0);
  return votes.map((own) => own / all);
}

/**
 * Share of queries whose own class is among the `among` best, in [0, 1]. Among equals the lower class is the better;
 * a class that nobody votes for is no answer.
 */
export function accuracy(
  found: Neighbours,
  bankLabels: ArrayLike<number>,
  queryLabels: ArrayLike<number>,
  vote: Vote,
  among = 1,
): number {
  const votes = emptyVotes(bankLabels);
  let right = 0;
  for (let query = 0; query < found.count; query++) {
    castVotes(votes, found, query, bankLabels, vote);
    if (placeOf(queryLabels[query]!, votes) < among) right++;
  }
  return right / found.count;
}

function emptyVotes(labels: ArrayLike<number>): Float64Array {
  let classes = 0;
  for (let row = 0; row < labels.length; row++) classes = Math.max(classes, labels[row]! + 1);
  return new Float64Array(classes);
}

/** @param votes [classes], written */
function castVotes(
  votes: Float64Array,
  found: Neighbours,
  query: number,
  labels: ArrayLike<number>,
  { k, temperature }: Vote,
): void {
  votes.fill(0);
  const first = query * found.k;
  const most = found.similarities[first]!;
  for (let at = first; at < first + k; at++) {
    // Only ratios of votes count: the largest is 1, and none overflows at any temperature.
    votes[labels[Number(found.rows[at])]!]! += Math.exp((found.similarities[at]! - most) / temperature);
  }
}

/** Classes that are ahead of `label`; all of them where it has no vote. */
function placeOf(label: number, votes: Float64Array): number {
  const own = votes[label] ?? 0;
  if (own === 0) return votes.length;
  let ahead = 0;
  for (let other = 0; other < votes.length; other++) {
    if (votes[other]! > own || (votes[other] === own && other < label)) ahead++;
  }
  return ahead;
}
