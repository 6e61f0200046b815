import assert from "node:assert/strict";
import { describeLoss, plotLoss } from "../../../../src/web/ui/learn/lossPlot.js";
import {
  MOST_POINTS,
  pointsOf,
  traceOf,
  withLoss,
  type LossTrace,
} from "../../../../src/web/ui/learn/lossTrace.js";

/** The trace of steps 1 to `steps`, each with the loss that `lossOf` gives. */
function steps(count: number, lossOf: (step: number) => number): LossTrace {
  return traceOf(Array.from({ length: count }, (_, at) => lossOf(at + 1)));
}

describe("the loss of many steps in few points", () => {
  it("is every step while there are few", () => {
    assert.deepEqual(pointsOf(steps(3, (step) => 10 - step)), [
      { step: 1, loss: 9 },
      { step: 2, loss: 8 },
      { step: 3, loss: 7 },
    ]);
  });

  it("keeps means in the middle of their stretches, however many steps there are", () => {
    for (const count of [MOST_POINTS, 1000, 12_345]) {
      const points = pointsOf(steps(count, (step) => 3 * step));
      assert.ok(points.length <= MOST_POINTS, `${points.length} points of ${count} steps`);
      assert.ok(points.length >= MOST_POINTS / 2 - 1, `${points.length} points of ${count} steps`);
      // A straight line stays what it is.
      for (const { step, loss } of points) assert.ok(Math.abs(loss - 3 * step) < 1e-6);
    }
  });

  it("shows the newest step too where its stretch is not yet whole", () => {
    assert.equal(pointsOf(steps(MOST_POINTS + 1, () => 1)).at(-1)?.step, MOST_POINTS + 1);
    assert.equal(
      pointsOf(
        withLoss(
          steps(20, () => 1),
          21,
          1,
        ),
      ).length,
      21,
    );
  });
});

describe("the loss curve", () => {
  const EXTENT = { steps: 100, epochs: 10 };

  it("spans the whole run from the first step on, between whole ticks", () => {
    const { path, trend, end, losses, epochs } = plotLoss(
      [
        { step: 25, loss: 4.8 },
        { step: 50, loss: 4.1 },
      ],
      EXTENT,
    );
    assert.deepEqual(
      losses.map(({ text }) => text),
      ["4.0", "4.2", "4.4", "4.6", "4.8"],
    );
    assert.equal(end?.x, 0.5);
    const mean = (0.9 * 4.8 + 4.1) / 1.9;
    assert.ok(Math.abs(end.loss - mean) < 1e-9 && Math.abs(end.y - (4.8 - mean) / 0.8) < 1e-9);
    assert.equal(path, "M250.0 0.0L500.0 262.5");
    assert.equal(trend, `M250.0 0.0L500.0 ${(300 * end.y).toFixed(1)}`);
    assert.deepEqual(
      epochs.map(({ text }) => text),
      ["0", "2", "4", "6", "8", "10"],
    );
  });

  it("has ticks and no line before the first step, and a place for one step alone", () => {
    const { path, end, losses } = plotLoss([], EXTENT);
    assert.deepEqual([path, end, losses.length], ["", null, 5]);
    const one = plotLoss([{ step: 1, loss: 4.85 }], { steps: 1, epochs: 1 });
    assert.deepEqual([one.path, one.end?.x], ["", 1]);
    assert.ok(one.end!.y >= 0 && one.end!.y <= 1);
  });

  it("has ticks of its own size for any loss", () => {
    for (const scale of [1e-3, 0.1, 1, 30]) {
      const points = [1, 2, 3].map((step) => ({ step, loss: scale * (4 + Math.sin(step)) }));
      const { losses, path } = plotLoss(points, EXTENT);
      assert.ok(losses.length >= 2 && losses.length <= 7, `${losses.length} ticks at ${scale}`);
      assert.equal(new Set(losses.map(({ text }) => text)).size, losses.length);
      assert.doesNotMatch(path, /NaN|-/);
    }
  });

  it("is told in a sentence", () => {
    assert.equal(describeLoss([], EXTENT), "Loss of the training: no step yet.");
    const points = [4.8, 3.9, 4.1].map((loss, at) => ({ step: at + 1, loss }));
    assert.equal(
      describeLoss(points, EXTENT),
      "Loss of the training, 3 of 100 steps: 4.80 at first, 4.10 now, 3.90 at its lowest.",
    );
  });
});
