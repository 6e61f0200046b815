/** @file Learning rate by step. */

export interface Schedule {
  /** Highest learning rate. */
  readonly base: number;
  /** Steps of linear warm-up. */
  readonly warmupSteps: number;
  /** What follows: half a cosine down to 0, or the base rate throughout. */
  readonly decay: "cosine" | "constant";
}

/** @param step from 0 */
export function learningRate({ base, warmupSteps, decay }: Schedule, step: number, steps: number): number {
  if (step < warmupSteps) return (base * (step + 1)) / warmupSteps;
  if (decay === "constant") return base;
  return (base / 2) * (1 + Math.cos((Math.PI * (step - warmupSteps)) / Math.max(1, steps - warmupSteps)));
}
