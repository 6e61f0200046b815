/** @file When a loss alone says that a run leads nowhere. */

import assert from "node:assert/strict";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { DivergenceWatch, patienceOf, type DivergenceState } from "../../src/train/divergence.js";

const { nce, softmax, infonce } = OBJECTIVE_DEFAULTS;

/** Step at which the watch speaks up, from 1; null: never. */
function stopsAt(losses: readonly number[], patience: number | null = 300): number | null {
  const watch = new DivergenceWatch(patience);
  const at = losses.findIndex((loss) => watch.observe(loss) !== null);
  return at < 0 ? null : at + 1;
}

/** Points (step, loss), joined by lines, with the noise of batches. */
function curve(...points: readonly (readonly [step: number, loss: number])[]): number[] {
  return points.slice(1).flatMap(([end, to], at) => {
    const [begin, from] = points[at]!;
    return Array.from({ length: end - begin }, (_, step) => {
      const noise = 0.15 * Math.sin(12.9898 * (begin + step));
      return from + ((to - from) * step) / (end - begin) + noise;
    });
  });
}

describe("a watch over the loss", () => {
  // Shapes and levels as measured, 512 pictures in 16 batches, ResNet-18 of width 4; ln 512 = 6.24.
  const healthy: Readonly<Record<string, readonly number[]>> = {
    "softmax from a forward-filled bank": curve([0, 6.1], [16, 6.3], [100, 5.3], [2000, 4]),
    "softmax from a random bank, which rises to 1.65 times its first loss": curve(
      [0, 7.5],
      [16, 10.8],
      [24, 12.4],
      [32, 10],
      [48, 7],
      [64, 6],
      [2000, 4.5],
    ),
    "a parametric softmax that hardly moves": curve([0, 6.24], [3000, 6.2]),
    "a loss that rises slowly once and falls for long": curve([0, 4], [20, 5], [800, 3.5]),
  };
  for (const [name, losses] of Object.entries(healthy)) {
    it(`says nothing of ${name}`, () => assert.equal(stopsAt(losses), null));
  }

  const stuck: Readonly<Record<string, readonly number[]>> = {
    "NCE at rate 10": curve([0, 5.1], [2, 7], [20, 6.4], [2000, 6.3]),
    "softmax at rate 10": curve([0, 6.1], [3, 7], [30, 6.2], [320, 6.1], [400, 6.6], [2000, 6.8]),
    "softmax at rate 1000": curve([0, 6.1], [5, 10], [2000, 10]),
  };
  for (const [name, losses] of Object.entries(stuck)) {
    it(`ends ${name}`, () => assert.ok(stopsAt(losses)! >= 300));
  }

  it("ends a loss that blows up within some dozen steps", () => {
    const at = stopsAt([...curve([0, 6], [50, 5]), ...new Array<number>(300).fill(1e6)])!;
    assert.ok(at > 60 && at < 90, String(at));
  });

  it("says since when, from where to where, and what to do", () => {
    const watch = new DivergenceWatch(300);
    const said = [6, ...new Array<number>(400).fill(9)].map((loss) => watch.observe(loss)).find(Boolean);
    assert.equal(
      said,
      "the loss has been above 6.00, that of the first steps, for 300 steps and is at 8.99 now, " +
        "expected it to fall; lower --lr, or raise --warmup-steps",
    );
  });

  it("goes on from its state, by way of JSON, as if it had never stopped", () => {
    const losses = stuck["softmax at rate 10"]!;
    let watch = new DivergenceWatch(300);
    const at = losses.findIndex((loss) => {
      watch = new DivergenceWatch(300, JSON.parse(JSON.stringify(watch.state)) as DivergenceState);
      return watch.observe(loss) !== null;
    });
    assert.equal(at + 1, stopsAt(losses));
  });

  it("waits ten epochs, at least 300 steps, and for ever where Z was estimated on random rows", () => {
    assert.equal(patienceOf(softmax, "uniform", 390), 3900);
    assert.equal(patienceOf(infonce, "forward", 4), 300);
    assert.equal(patienceOf(nce, "forward", 390), 3900);
    assert.equal(patienceOf({ ...nce, normalizer: { mode: "exact" } }, "unit", 390), 3900);
    assert.equal(patienceOf(nce, "unit", 390), null);
    assert.equal(stopsAt(new Array<number>(9000).fill(1).fill(1e5, 10), null), null);
  });
});
