/**
 * @file What a few examples say about all other rows: each row's nearest examples vote exp(similarity / τ), as in
 * src/knn/vote.ts; a class's share of the votes is its probability.
 */

import type { Vote } from "../../knn/vote.js";
import type { Labelling } from "./labelling.js";

export interface Predictions {
  /** [rows] places in Labelling.classes; -1 while there is no example. An example has its own class. */
  readonly classOf: Int32Array;
  /** [rows] of that class, in [0, 1] */
  readonly probability: Float32Array;
  /** [rows] by how much it is ahead of the next class's probability, in [0, 1]: 0 is a tie. */
  readonly margin: Float32Array;
  /** [rows] cosine with the nearest example, in [-1, 1] */
  readonly nearest: Float32Array;
}

/** [rows] cosines of all rows with this one. */
export type SimilaritiesOf = (row: number) => Promise<Float32Array>;

/** Asks for every example's similarities once and keeps them; one predictor for each collection. */
export class Predictor {
  readonly #similaritiesOf: SimilaritiesOf;
  readonly #vote: Vote;
  readonly #kept = new Map<number, Float32Array>();

  constructor(similaritiesOf: SimilaritiesOf, vote: Vote) {
    this.#similaritiesOf = similaritiesOf;
    this.#vote = vote;
  }

  async predict(labelling: Labelling): Promise<Predictions> {
    const { rows, classes } = labelling;
    const examples = [...labelling.examples];
    for (const row of this.#kept.keys()) if (!labelling.examples.has(row)) this.#kept.delete(row);
    const similarities = await Promise.all(examples.map(([row]) => this.#similarities(row)));
    const places = examples.map(([, name]) => classes.indexOf(name));
    const predictions: Predictions = {
      classOf: new Int32Array(rows).fill(-1),
      probability: new Float32Array(rows),
      margin: new Float32Array(rows),
      nearest: new Float32Array(rows).fill(-1),
    };
    if (examples.length === 0) return predictions;
    const ballot = new Ballot(classes.length, this.#vote);
    for (let row = 0; row < rows; row++) ballot.count(predictions, row, similarities, places);
    examples.forEach(([row], at) => {
      predictions.classOf[row] = places[at]!;
      predictions.probability[row] = predictions.margin[row] = predictions.nearest[row] = 1;
    });
    return predictions;
  }

  async #similarities(row: number): Promise<Float32Array> {
    const kept = this.#kept.get(row) ?? (await this.#similaritiesOf(row));
    this.#kept.set(row, kept);
    return kept;
  }
}

/** Counts the votes of one row after the other in the same arrays. */
class Ballot {
  readonly #votes: Float64Array; // [classes]
  readonly #vote: Vote;
  /** Places of the voting examples and their similarities, most similar first. */
  readonly #voters: { place: number; similarity: number }[] = [];

  constructor(classes: number, vote: Vote) {
    this.#votes = new Float64Array(classes);
    this.#vote = vote;
  }

  /** @param similarities [examples] arrays of [rows]; @param places [examples] class of each */
  count(
    into: Predictions,
    row: number,
    similarities: readonly Float32Array[],
    places: readonly number[],
  ): void {
    this.#choose(row, similarities, places);
    const nearest = this.#voters[0]!.similarity;
    this.#votes.fill(0);
    let all = 0;
    for (const { place, similarity } of this.#voters) {
      // Only ratios count: the largest vote is 1.
      const vote = Math.exp((similarity - nearest) / this.#vote.temperature);
      this.#votes[place]! += vote;
      all += vote;
    }
    let [best, most, next] = [0, -1, 0];
    this.#votes.forEach((votes, place) => {
      if (votes > most) [best, most, next] = [place, votes, Math.max(most, 0)];
      else if (votes > next) next = votes;
    });
    into.classOf[row] = best;
    into.probability[row] = most / all;
    into.margin[row] = (most - next) / all;
    into.nearest[row] = nearest;
  }

  /** The `k` most similar examples; all of them where there are fewer. */
  #choose(row: number, similarities: readonly Float32Array[], places: readonly number[]): void {
    const voters = this.#voters;
    voters.length = 0;
    places.forEach((place, at) => {
      const similarity = similarities[at]![row]!;
      if (voters.length === this.#vote.k && similarity <= voters.at(-1)!.similarity) return;
      let to = voters.length;
      while (to > 0 && voters[to - 1]!.similarity < similarity) to--;
      voters.splice(to, 0, { place, similarity });
      if (voters.length > this.#vote.k) voters.pop();
    });
  }
}
