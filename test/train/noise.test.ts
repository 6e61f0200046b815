import assert from "node:assert/strict";
import fc from "fast-check";
import { checkNoise, drawNoise, type NoiseRule } from "../../src/train/noise.js";

const RULE: NoiseRule = { instances: 50, negatives: 20, positive: false, duplicates: true };

function draw(rule: NoiseRule, rows: readonly number[], seed = 0, step = 0): number[][] {
  const into = new BigInt64Array(rows.length * rule.negatives);
  drawNoise(rule, Int32Array.from(rows), seed, step, into);
  const all = Array.from(into, Number);
  return rows.map((_, at) => all.slice(at * rule.negatives, (at + 1) * rule.negatives));
}

const rules = fc
  .record({
    instances: fc.integer({ min: 2, max: 40 }),
    negatives: fc.integer({ min: 1, max: 39 }),
    positive: fc.boolean(),
    duplicates: fc.boolean(),
  })
  .filter(
    ({ instances, negatives, positive, duplicates }) =>
      duplicates || negatives <= instances - (positive ? 0 : 1),
  );

describe("noise rows", () => {
  it("lie in the bank, and leave out what the rule excludes", () => {
    fc.assert(
      fc.property(rules, fc.nat(), fc.nat({ max: 1000 }), (rule, seed, step) => {
        const rows = [0, rule.instances - 1, Math.floor(rule.instances / 2)];
        draw(rule, rows, seed, step).forEach((drawn, at) => {
          assert.ok(drawn.every((row) => row >= 0 && row < rule.instances));
          if (!rule.positive) assert.ok(!drawn.includes(rows[at]!));
          if (!rule.duplicates) assert.equal(new Set(drawn).size, drawn.length);
        });
      }),
    );
  });

  it("never hold the picture's own row in a million draws", () => {
    const rule = { ...RULE, instances: 7, negatives: 10_000 };
    for (let step = 0; step < 100; step++) {
      const own = step % rule.instances;
      assert.ok(!draw(rule, [own], 3, step)[0]!.includes(own));
    }
  });

  it("never hold a row twice in a million draws without duplicates", () => {
    const rule = { ...RULE, instances: 1001, negatives: 1000, duplicates: false };
    for (let step = 0; step < 1000; step++) {
      const [drawn] = draw(rule, [step], 3, step);
      assert.equal(new Set(drawn).size, 1000);
    }
  });

  for (const [positive, duplicates] of [
    [false, true],
    [true, true],
    [false, false],
    [true, false],
  ] as const) {
    it(`are uniform ${positive ? "with" : "without"} the own row, ${duplicates ? "with" : "without"} duplicates`, () => {
      const rule = { instances: 21, negatives: 10, positive, duplicates };
      const open = positive ? 21 : 20;
      const counts = new Array<number>(21).fill(0);
      const draws = 200_000;
      for (let step = 0; step < draws / 100; step++)
        for (const row of draw(rule, new Array<number>(10).fill(13), 5, step).flat()) counts[row]!++;
      const expected = draws / open;
      const chiSquared = counts
        .filter((_, row) => positive || row !== 13)
        .reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // 19 or 20 degrees of freedom: above 45 once in a thousand; the seed is fixed.
      assert.ok(chiSquared < 45, `χ² is ${chiSquared}; counts ${counts.join(", ")}`);
      assert.equal(counts[13]! > 0, positive);
    });
  }

  it("depend on seed and step alone", () => {
    assert.deepEqual(draw(RULE, [1, 2], 7, 3), draw(RULE, [1, 2], 7, 3));
    assert.notDeepEqual(draw(RULE, [1, 2], 7, 3), draw(RULE, [1, 2], 7, 4));
    assert.notDeepEqual(draw(RULE, [1, 2], 7, 3), draw(RULE, [1, 2], 8, 3));
  });

  it("are refused where there are not enough rows", () => {
    assert.throws(() => checkNoise({ ...RULE, instances: 20, duplicates: false }), {
      name: "UsageError",
      message:
        "noise: 19 of 20 rows may be drawn, expected at least 20; lower --negatives or allow --noise-duplicates",
    });
    assert.throws(() => checkNoise({ ...RULE, instances: 1 }), {
      name: "UsageError",
      message: "noise: 0 of 1 rows may be drawn, expected at least 1; add pictures",
    });
    checkNoise({ ...RULE, instances: 21, duplicates: false });
  });
});
