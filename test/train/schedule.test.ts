import assert from "node:assert/strict";
import { learningRate, type Schedule } from "../../src/train/schedule.js";

const rates = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, step) => Number(learningRate(schedule, step, steps).toFixed(6)));

describe("learningRate", () => {
  it("rises in equal steps, then falls along half a cosine", () => {
    // cos(0), cos(π/4), cos(π/2), cos(3π/4) after the warm-up, as (1 + cos) / 2.
    const expected = [0.5, 1, 1, 0.853553, 0.5, 0.146447];
    assert.deepEqual(rates({ base: 1, warmupSteps: 2, decay: "cosine" }, 6), expected);
  });

  it("stays at its base without decay", () => {
    assert.deepEqual(
      rates({ base: 0.03, warmupSteps: 3, decay: "constant" }, 5),
      [0.01, 0.02, 0.03, 0.03, 0.03],
    );
  });

  it("begins at its base without warm-up", () => {
    assert.deepEqual(rates({ base: 2, warmupSteps: 0, decay: "cosine" }, 2), [2, 1]);
  });

  it("only rises when training is shorter than the warm-up", () => {
    assert.deepEqual(rates({ base: 1, warmupSteps: 10, decay: "cosine" }, 3), [0.1, 0.2, 0.3]);
  });

  it("drops at each milestone, and never during the warm-up", () => {
    const schedule = { base: 1, warmupSteps: 2, decay: "step", milestones: [3, 5], gamma: 0.1 } as const;
    assert.deepEqual(rates(schedule, 7), [0.5, 1, 1, 0.1, 0.1, 0.01, 0.01]);
    assert.deepEqual(rates({ ...schedule, milestones: [1] }, 4), [0.5, 1, 0.1, 0.1]);
  });
});
