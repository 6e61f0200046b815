/**
 * @file Tells a run that leads nowhere from one that has a hard start, by its loss alone.
 *
 * Embeddings and bank rows have unit length, so most objectives are bounded: too high a learning rate does not blow the
 * loss up, it holds it at or above that of guessing. A hard start does the same for a while, and longer than one would
 * think: with a bank of random rows the softmax rises to 1.9 times its first loss, and comes back under it only when
 * every row has been replaced a few times, in the fourth epoch. Only time tells the two apart:
 *
 * - stuck: the smoothed loss stays above MULTIPLE times the first for `patience` steps in a row, and does not fall.
 *   Healthy runs from a forward-filled bank never do for more than an epoch or two; slow ones (the parametric softmax
 *   at a low rate) hover at the first loss, within 1 %, well below MULTIPLE. At rate 10 the objectives settle at 1.06 to
 *   1.3 times their first loss.
 * - blown up: it stays above BLOWN times the first for SOON steps: nothing bounded and healthy can.
 */

import type { ObjectiveConfig } from "../../graphs/index.js";
import type { TrainPlan } from "./plan.js";

/** The loss of a run is the lowest of its first steps: without warm-up the first update may have done the harm. */
const FIRST_STEPS = 3;
/** Of the moving average: some 50 steps. */
const SMOOTHING = 0.98;
const MULTIPLE = 1.05;
const BLOWN = 20;
const SOON = 20;
/** Of the highest smoothed loss of the time above: less than that is a loss that falls. */
const FALLING = 0.95;
/** Epochs after which no random row of the bank is left, with room; and steps, for sets of few batches. */
const PATIENT_EPOCHS = 10;
const PATIENT_STEPS = 300;

/** Plain numbers, for a checkpoint. */
export interface DivergenceState {
  /** Steps observed. */
  readonly steps: number;
  /** Loss of the first steps, nats. */
  readonly first: number;
  readonly smoothed: number;
  /** Steps in a row above MULTIPLE times the first, and the highest smoothed loss there. */
  readonly above: number;
  readonly highest: number;
  /** Steps in a row above BLOWN times the first. */
  readonly blown: number;
}

const START: DivergenceState = { steps: 0, first: 0, smoothed: 0, above: 0, highest: 0, blown: 0 };

/**
 * Steps for `new DivergenceWatch`. null, for NCE with a Z that was estimated on random rows: its loss depends on how
 * wrong Z is, and may rise a hundredfold, before it says anything of the embeddings.
 */
export function patienceOf(
  objective: ObjectiveConfig,
  bankInit: TrainPlan["bankInit"],
  stepsPerEpoch: number,
): number | null {
  const isEstimated = objective.name === "nce" && objective.normalizer.mode !== "exact";
  if (isEstimated && bankInit !== "forward") return null;
  return Math.max(PATIENT_EPOCHS * stepsPerEpoch, PATIENT_STEPS);
}

export class DivergenceWatch {
  readonly #patience: number | null;
  #state: DivergenceState;

  /**
   * @param patience steps that a loss may be stuck; null: nothing is watched
   * @param state of an earlier watch of the same run
   */
  constructor(patience: number | null, state: DivergenceState = START) {
    this.#patience = patience;
    this.#state = state;
  }

  get state(): DivergenceState {
    return this.#state;
  }

  /**
   * @param loss of a step, finite
   * @returns null: the run may go on; else why not, and what to do
   */
  observe(loss: number): string | null {
    const before = this.#state;
    const steps = before.steps + 1;
    const first = steps === 1 ? loss : steps <= FIRST_STEPS ? Math.min(before.first, loss) : before.first;
    const smoothed = steps === 1 ? loss : SMOOTHING * before.smoothed + (1 - SMOOTHING) * loss;
    const isAbove = smoothed > MULTIPLE * first;
    this.#state = {
      steps,
      first,
      smoothed,
      above: isAbove ? before.above + 1 : 0,
      highest: isAbove ? Math.max(before.highest, smoothed) : 0,
      blown: smoothed > BLOWN * first ? before.blown + 1 : 0,
    };
    return this.#verdict();
  }

  #verdict(): string | null {
    const { first, smoothed, above, highest, blown } = this.#state;
    if (this.#patience === null) return null;
    const isStuck = above >= this.#patience && smoothed >= FALLING * highest;
    if (!isStuck && blown < SOON) return null;
    return (
      `the loss has been above ${first.toPrecision(3)}, that of the first steps, for ${above} steps and is at ` +
      `${smoothed.toPrecision(3)} now, expected it to fall; lower --lr, or raise --warmup-steps`
    );
  }
}
