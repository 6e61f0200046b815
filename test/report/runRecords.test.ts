import assert from "node:assert/strict";
import { join } from "node:path";
import { readRun, valueAt } from "../../src/report/runRecords.js";
import { suiteFolder } from "../support/temporary.js";
import { epoch, knn, LEVELS, writeRun } from "./runFolder.js";

describe("readRun", () => {
  const folder = suiteFolder();

  it("sorts records by kind", async () => {
    writeRun(join(folder(), "sorted"), {
      metrics: [...LEVELS, ...epoch(1, knn(0.5)), ...epoch(2, knn(0.6))],
    });
    const run = await readRun(join(folder(), "sorted"));
    assert.deepEqual([...run.levels.keys()], ["chance", "raw pixels", "untrained network"]);
    assert.deepEqual([run.steps.length, run.epochs.length, run.evaluations.length], [20, 2, 2]);
    assert.deepEqual([run.config, run.environment, run.manifest, run.timings], [null, null, null, []]);
  });

  it("keeps the last time of steps that a resumed run took again", async () => {
    const timings = [10, 20, 30, 40, 20, 30, 50].map((step, at) => ({
      step,
      seconds: at,
      picturesPerSecond: 100,
      waiting: 0,
    }));
    writeRun(join(folder(), "resumed"), { metrics: [], timings });
    const run = await readRun(join(folder(), "resumed"));
    assert.deepEqual(
      run.timings.map(({ step, seconds }) => [step, seconds]),
      [
        [10, 0],
        [20, 4],
        [30, 5],
        [50, 6],
      ],
    );
  });
});

describe("valueAt", () => {
  it("finds values inside objects, and nothing where one is missing", () => {
    const object = { a: { b: 3 }, c: [1] };
    assert.equal(valueAt(object, "a", "b"), 3);
    assert.equal(valueAt(object, "a", "x", "y"), undefined);
    assert.equal(valueAt(object, "c", "0"), undefined);
    assert.equal(valueAt(null, "a"), undefined);
  });
});
