/** @file Learning rate by step. */

interface Rise {
  /** Highest learning rate. */
  readonly base: number;
  /** Steps of linear warm-up. */
  readonly warmupSteps: number;
}

/** What follows the warm-up: half a cosine down to 0, the base rate throughout, or a drop at each milestone. */
export type Schedule =
  | (Rise & { readonly decay: "cosine" | "constant" })
  | (Rise & {
      readonly decay: "step";
      /** Steps, rising: from each of them on the rate is multiplied once more. */
      readonly milestones: readonly number[];
      readonly gamma: number;
    });

/** @param step from 0; @param steps in all */
export function learningRate(schedule: Schedule, step: number, steps: number): number {
  const { base, warmupSteps } = schedule;
  if (step < warmupSteps) return (base * (step + 1)) / warmupSteps;
  switch (schedule.decay) {
    case "constant":
      return base;
    case "step":
      return base * schedule.gamma ** schedule.milestones.filter((milestone) => step >= milestone).length;
    case "cosine":
      return (base / 2) * (1 + Math.cos((Math.PI * (step - warmupSteps)) / Math.max(1, steps - warmupSteps)));
  }
}
