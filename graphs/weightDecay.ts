/** @file Which parameters are pulled towards zero. */

import type { Value } from "../src/ir/graph.js";

export interface WeightDecay {
  /** λ ≥ 0 */
  readonly weightDecay: number;
  /** Whether biases and the parameters of normalizations decay too, as in the authors' code. */
  readonly decayNormAndBias: boolean;
}

/** Biases and normalizations: what has fewer than two axes. */
export const isNormOrBias = ({ shape }: Value): boolean => shape.length < 2;

/** λ for this parameter; 0: none. */
export function decayOf(weight: Value, { weightDecay, decayNormAndBias }: WeightDecay): number {
  return isNormOrBias(weight) && !decayNormAndBias ? 0 : weightDecay;
}
