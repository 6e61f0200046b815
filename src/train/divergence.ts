/**
 * @file Tells a run that leads nowhere from one that has a hard start, by its loss alone.
 *
 * Embeddings and bank rows have unit length, so most objectives are bounded: too high a learning rate does not blow the
 * loss up, it holds it at or above that of guessing. A hard start does the same for a while, and longer than one would
 * think: with a bank of random rows the softmax rises to 1.9 times its first loss, and comes back under it only when
 * every row has been replaced a few times, in the fourth epoch. Only time tells the two apart:
 *
 * - stuck: the smoothed loss stays above MULTIPLE times the first and near that of guessing for `patience` steps in a
 *   row, and does not fall. Healthy runs from a forward-filled bank were never seen above; slow ones (the parametric
 *   softmax at a low rate) hover within 1 % of the first loss. At rate 10 the objectives settle at 1.06 to 1.3 times
 *   their first loss. A trained network that is trained on may rise above its first loss for long, but stays far
 *   below guessing.
 * - blown up: it stays above BLOWN times both for SOON steps: nothing bounded and healthy can.
 */

import type { ObjectiveConfig } from "../../graphs/index.js";
import type { TrainPlan } from "./plan.js";

/** The loss of a run is the lowest of its first steps: without warm-up the first update may have done the harm. */
const FIRST_STEPS = 3;
/** Of the moving average: some 50 steps. */
const SMOOTHING = 0.98;
const MULTIPLE = 1.05;
/** Times the loss of guessing. */
const NEAR = 0.9;
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
  /** Steps in a row where the loss was as if stuck, and the highest smoothed loss there. */
  readonly above: number;
  readonly highest: number;
  /** Steps in a row where it was blown up. */
  readonly blown: number;
}

const START: DivergenceState = { steps: 0, first: 0, smoothed: 0, above: 0, highest: 0, blown: 0 };

/** What a watch has to know of the run. */
export interface DivergenceRule {
  /** Steps that a loss may be stuck. */
  readonly patience: number;
  /** Loss where all rows are equally likely, nats. */
  readonly guessing: number;
}

interface RunSize {
  /** n: rows of the bank. */
  readonly instances: number;
  readonly stepsPerEpoch: number;
  readonly bankInit: TrainPlan["bankInit"];
}

/**
 * null, for NCE with a Z that was estimated on random rows: its loss depends on how wrong Z is, and may rise a
 * hundredfold, before it says anything of the embeddings.
 */
export function divergenceRule(objective: ObjectiveConfig, run: RunSize): DivergenceRule | null {
  const isEstimated = objective.name === "nce" && objective.normalizer.mode !== "exact";
  if (isEstimated && run.bankInit !== "forward") return null;
  const patience = Math.max(PATIENT_EPOCHS * run.stepsPerEpoch, PATIENT_STEPS);
  return { patience, guessing: guessingLoss(objective, run.instances) };
}

function guessingLoss(objective: ObjectiveConfig, instances: number): number {
  switch (objective.name) {
    case "parametric":
    case "softmax":
      return Math.log(instances);
    case "infonce":
      return Math.log(objective.negatives + 1);
    case "nce": // ln(1 + m) for the own row, m·ln(1 + 1/m) for the others
      return Math.log1p(objective.negatives) + objective.negatives * Math.log1p(1 / objective.negatives);
  }
}

export class DivergenceWatch {
  readonly #rule: DivergenceRule | null;
  #state: DivergenceState;

  /**
   * @param rule null: nothing is watched
   * @param state of an earlier watch of the same run
   */
  constructor(rule: DivergenceRule | null, state: DivergenceState = START) {
    this.#rule = rule;
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
    if (this.#rule === null) return null;
    const { guessing, patience } = this.#rule;
    const before = this.#state;
    const steps = before.steps + 1;
    const first = steps === 1 ? loss : steps <= FIRST_STEPS ? Math.min(before.first, loss) : before.first;
    const smoothed = steps === 1 ? loss : SMOOTHING * before.smoothed + (1 - SMOOTHING) * loss;
    const isAbove = smoothed > Math.max(MULTIPLE * first, NEAR * guessing);
    const isBlown = smoothed > BLOWN * Math.max(first, guessing);
    const above = isAbove ? before.above + 1 : 0;
    const highest = isAbove ? Math.max(before.highest, smoothed) : 0;
    const blown = isBlown ? before.blown + 1 : 0;
    this.#state = { steps, first, smoothed, above, highest, blown };
    const isStuck = above >= patience && smoothed >= FALLING * highest;
    return isStuck || blown >= SOON ? this.#explain(guessing) : null;
  }

  #explain(guessing: number): string {
    const { first, smoothed, above } = this.#state;
    const show = (nats: number) => nats.toPrecision(3);
    return (
      `the loss was ${show(first)} at first, has been above that for ${above} steps and is at ${show(smoothed)} now, ` +
      `${show(guessing)} being that of guessing, expected it to fall; lower --lr, or raise --warmup-steps`
    );
  }
}
