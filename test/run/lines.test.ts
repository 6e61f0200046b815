/** @file Files that grow by lines: what a run measures, how fast it is, and what it says. */

import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RUN } from "../../src/run/layout.js";
import { describeRecord } from "../../src/run/describeRecord.js";
import { RunLog } from "../../src/run/log.js";
import { MetricsFile } from "../../src/run/metrics.js";
import { TimingsFile } from "../../src/run/timings.js";
import { suiteFolder } from "../support/temporary.js";

describe("MetricsFile", () => {
  const folder = suiteFolder();
  const read = () => readFileSync(join(folder(), RUN.metrics), "utf8");
  const broken = (id: string) => ({ kind: "broken", id, reason: "torn" }) as const;

  it("writes one record a line, as it comes, and counts bytes", () => {
    const file = new MetricsFile(folder());
    file.append(broken("a"));
    assert.equal(read(), '{"kind":"broken","id":"a","reason":"torn"}\n');
    file.append(broken("zwei\nZeilen: ü"));
    assert.equal(read().split("\n").length, 3);
    assert.equal(file.bytes, Buffer.byteLength(read()), "bytes, not characters");
    file.sync();
    file.close();
  });

  it("goes on where it was, without what came after a checkpoint", () => {
    const before = read();
    appendFileSync(join(folder(), RUN.metrics), '{"kind":"ste');
    const file = new MetricsFile(folder());
    file.truncateTo(Buffer.byteLength(before));
    file.append(broken("b"));
    assert.equal(read(), `${before}{"kind":"broken","id":"b","reason":"torn"}\n`);
    file.close();
  });

  it("refuses to go on from more than it holds", () => {
    const file = new MetricsFile(folder());
    const { bytes } = file;
    assert.throws(() => file.truncateTo(bytes + 1), {
      name: "ArtifactError",
      message:
        `${join(folder(), RUN.metrics)}: has ${bytes} bytes, the checkpoint expects at least ${bytes + 1}; ` +
        "restore the file, resume from an older checkpoint, or begin again with --overwrite",
    });
    file.close();
  });

  it("says why it cannot be written", () => {
    const path = join(folder(), "gone", RUN.metrics);
    assert.throws(() => new MetricsFile(join(folder(), "gone")), {
      name: "ArtifactError",
      message: `${path}: cannot be written (ENOENT), expected a writable folder; make the folder first`,
    });
  });
});

describe("TimingsFile", () => {
  const folder = suiteFolder();

  it("drops a line that a killed process left torn", () => {
    const path = join(folder(), RUN.timings);
    writeFileSync(path, '{"step":20}\n{"st');
    const file = new TimingsFile(folder());
    file.append({ step: 40, seconds: 2, picturesPerSecond: 100, waiting: 0.5 });
    file.close();
    const last = '{"step":40,"seconds":2,"picturesPerSecond":100,"waiting":0.5}';
    assert.equal(readFileSync(path, "utf8"), `{"step":20}\n${last}\n`);
  });
});

describe("RunLog", () => {
  const folder = suiteFolder();

  it("writes each line with its time, and a text of several lines as one", () => {
    const log = new RunLog(folder());
    log.append("one\ntwo");
    log.close();
    assert.match(
      readFileSync(join(folder(), RUN.log), "utf8"),
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z one two\n$/,
    );
  });

  it("says records as people read them", () => {
    const knn = [
      { k: 200, top1: 0.4312, top5: null },
      { k: 1, top1: 0.4, top5: null },
    ];
    assert.deepEqual(
      [
        describeRecord({ kind: "step", step: 1, epoch: 1, loss: 1, learningRate: 1 }),
        describeRecord({ kind: "level", name: "chance", knn: [{ k: 0, top1: 0.1, top5: null }] }),
        describeRecord({ kind: "epoch", step: 20, epoch: 1, loss: 6.25 }),
        describeRecord({ kind: "evaluation", step: 20, epoch: 1, knn, embedding: null, strips: null }),
        describeRecord({ kind: "evaluation", step: 20, epoch: 1, knn: [], embedding: null, strips: null }),
        describeRecord({ kind: "broken", id: "a.jpg", reason: "torn" }),
      ],
      [
        null,
        "chance: 10.0 %",
        "epoch 1, step 20: loss 6.2500",
        "step 20: kNN(200) 43.1 %, kNN(1) 40.0 %",
        null,
        "broken picture: torn",
      ],
    );
  });
});
