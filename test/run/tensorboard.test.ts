import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { ArtifactError } from "../../src/errors.js";
import type { MetricRecord } from "../../src/run/records.js";
import { TensorBoardFile } from "../../src/run/tensorboard.js";
import { requirePython } from "../support/python.js";
import { suiteFolder } from "../support/temporary.js";

/** Prints what TensorBoard's own reader finds in a folder. */
const READER = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
found = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0}).Reload()
tags = found.Tags()
print(json.dumps({
    "scalars": {tag: [[event.step, event.value] for event in found.Scalars(tag)] for tag in tags["scalars"]},
    "images": {
        tag: [[event.step, event.width, event.height, event.encoded_image_string.hex()] for event in found.Images(tag)]
        for tag in tags["images"]
    },
}))`;

interface Found {
  readonly scalars: Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>;
  readonly images: Readonly<Record<string, readonly (readonly [number, number, number, string])[]>>;
}

const stepRecord = (step: number, loss: number): MetricRecord => ({
  kind: "step",
  step,
  epoch: 1,
  loss,
  learningRate: 0.5,
});

describe("TensorBoardFile", () => {
  const folder = suiteFolder();

  function make(name: string): string {
    const path = join(folder(), name);
    mkdirSync(path);
    return path;
  }

  it("names its file as TensorBoard expects, a later one always after an earlier one", () => {
    const run = make("names");
    const paths = [0, 1, 2].map(() => new TensorBoardFile(run).path);
    paths.forEach((path) => assert.match(path, /names\/events\.out\.tfevents\.\d{10}\.[^/]+\.\d+$/));
    assert.deepEqual([...paths].sort(), paths);
    assert.equal(readdirSync(run).length, 3);
  });

  it("begins with the version record, byte for byte", () => {
    const { path } = new TensorBoardFile(make("version"));
    const bytes = readFileSync(path);
    assert.equal(bytes.readBigUInt64LE(0), 26n, "9 bytes of time, 2 of step, 15 of version");
    assert.equal(bytes.length, 8 + 4 + 26 + 4);
    assert.equal(bytes.toString("latin1", 25, 38), "brain.Event:2");
  });

  it("says where it cannot write", () => {
    assert.throws(() => new TensorBoardFile(join(folder(), "missing")), {
      name: ArtifactError.name,
      message: /missing: cannot be written \(ENOENT\), expected a writable folder; make the folder first/,
    });
  });

  describe("as TensorBoard reads it", () => {
    let python: string;
    before(function () {
      python = requirePython(this, "tensorboard");
    });

    const read = (path: string) =>
      JSON.parse(
        execFileSync(python, ["-c", READER, path], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
      ) as Found;

    it("holds every number of the records, and the strips", async () => {
      const run = make("whole");
      const file = new TensorBoardFile(run);
      file.metric({ kind: "level", name: "chance", knn: [{ k: 0, top1: 0.125, top5: 0.5 }] });
      file.metric(stepRecord(1, 10.5));
      file.metric(stepRecord(70_000, 9.25));
      file.metric({ kind: "epoch", step: 70_000, epoch: 1, loss: 9.75 });
      const knn = [
        { k: 200, top1: 0.5, top5: 0.875 },
        { k: 1, top1: 0.25, top5: null },
      ];
      const embedding = { alignment: 0.5, uniformity: -2.5, effectiveRank: 63.5 };
      file.metric({ kind: "evaluation", step: 70_000, epoch: 1, knn, embedding, strips: null });
      file.metric({ kind: "broken", id: "a.jpg", reason: "empty" });
      file.timing({ step: 70_000, seconds: 3, picturesPerSecond: 512, waiting: 0.0625 });
      const png = await sharp({ create: { width: 300, height: 20, channels: 3, background: "red" } })
        .png()
        .toBuffer();
      file.strips(70_000, png);
      assert.deepEqual(read(run), {
        scalars: {
          "levels/chance/top1": [[0, 0.125]],
          "levels/chance/top5": [[0, 0.5]],
          "loss/step": [
            [1, 10.5],
            [70_000, 9.25],
          ],
          "learning rate": [
            [1, 0.5],
            [70_000, 0.5],
          ],
          "loss/epoch": [[70_000, 9.75]],
          "knn/top1@200": [[70_000, 0.5]],
          "knn/top5@200": [[70_000, 0.875]],
          "knn/top1@1": [[70_000, 0.25]],
          "embedding/alignment": [[70_000, 0.5]],
          "embedding/uniformity": [[70_000, -2.5]],
          "embedding/effectiveRank": [[70_000, 63.5]],
          "speed/pictures per second": [[70_000, 512]],
          "speed/waiting": [[70_000, 0.0625]],
        },
        images: { neighbours: [[70_000, 300, 20, png.toString("hex")]] },
      });
    });

    it("forgets what a killed run did after its last checkpoint", () => {
      const run = make("resumed");
      const killed = new TensorBoardFile(run);
      for (const step of [1, 2, 3, 4]) killed.metric(stepRecord(step, step));
      const resumed = new TensorBoardFile(run, 2);
      for (const step of [3, 4, 5]) resumed.metric(stepRecord(step, 10 * step));
      assert.deepEqual(read(run).scalars["loss/step"], [
        [1, 1],
        [2, 2],
        [3, 30],
        [4, 40],
        [5, 50],
      ]);
    });

    it("is read up to where it was cut", () => {
      const run = make("cut");
      const file = new TensorBoardFile(run);
      for (const step of [1, 2, 3]) file.metric(stepRecord(step, step));
      truncateSync(file.path, readFileSync(file.path).length - 5);
      assert.deepEqual(read(run).scalars["loss/step"], [
        [1, 1],
        [2, 2],
      ]);
    });

    it("fails its checksum when a byte is changed", () => {
      const run = make("changed");
      const file = new TensorBoardFile(run);
      for (const step of [1, 2]) file.metric(stepRecord(step, step));
      const bytes = readFileSync(file.path);
      bytes[bytes.length - 6]! ^= 1;
      writeFileSync(file.path, bytes);
      assert.deepEqual(read(run).scalars["loss/step"], [[1, 1]]);
    });
  });
});
