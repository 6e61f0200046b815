/** @file One file that a run goes on from: whole, or refused. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeSafetensors } from "../../src/artifact/safetensors.js";
import { fromFloat32 } from "../../src/ir/rawTensor.js";
import { RandomStream } from "../../src/random/philox.js";
import { checkpointFile, readCheckpoint, stepOf, writeCheckpoint } from "../../src/run/checkpoint.js";
import { RUN } from "../../src/run/layout.js";
import { newProgress, type Progress } from "../../src/run/progress.js";
import {
  findCheckpoint,
  pruneCheckpoints,
  removeNewerCheckpoints,
  removeUnfinished,
  savedSteps,
} from "../../src/run/resume.js";
import { suiteFolder } from "../support/temporary.js";

const identity = { format: "folder", pictures: 3, sha256: "ab".repeat(32) };
const progressAt = (step: number, more: Partial<Progress> = {}): Progress => ({
  ...newProgress(identity, 7, { ep: "cpu", threads: 2 }),
  step,
  ...more,
});
const numbers = Float32Array.of(0.1, -0, 1e-40, 3.4e38);
const tensors = new Map([
  ["bank", fromFloat32(numbers, [2, 2])],
  ["fc.bias", fromFloat32(Float32Array.of(1, 2), [2])],
]);

/** A run folder with these checkpoints. */
async function writeRun(folder: string, ...steps: number[]): Promise<string> {
  mkdirSync(join(folder, RUN.checkpoints), { recursive: true });
  for (const step of steps) await writeCheckpoint(folder, { tensors, progress: progressAt(step) });
  return folder;
}

describe("a checkpoint", () => {
  const folder = suiteFolder();

  it("gives back every bit of tensors and progress", async () => {
    const progress = progressAt(12, {
      lossSum: 0.1 + 0.2,
      logNormalizer: Math.log(Math.PI) * 1e-300,
      levels: { chance: [{ k: 0, top1: 1 / 3, top5: null }] },
      best: { step: 8, top1: 2 / 3 },
      broken: [5, 3],
    });
    await writeRun(folder());
    await writeCheckpoint(folder(), { tensors, progress });
    const file = checkpointFile(folder(), 12);
    assert.equal(file, join(folder(), "checkpoints", "step-000000012.safetensors"));
    const read = await readCheckpoint(file);
    assert.deepEqual(read.progress, progress);
    assert.deepEqual([...read.tensors.keys()].sort(), [...tensors.keys()].sort());
    for (const [name, { bytes, shape }] of read.tensors) {
      assert.deepEqual(Buffer.from(bytes), Buffer.from(tensors.get(name)!.bytes), name);
      assert.deepEqual(shape, tensors.get(name)!.shape);
    }
  });

  it("has the same bytes for the same state", async () => {
    const [one, two] = [await writeRun(join(folder(), "one"), 3), await writeRun(join(folder(), "two"), 3)];
    assert.ok(readFileSync(checkpointFile(one, 3)).equals(readFileSync(checkpointFile(two, 3))));
  });

  it("is refused after any one flipped bit, with its file's name", async () => {
    const file = checkpointFile(await writeRun(join(folder(), "flipped"), 1), 1);
    const whole = readFileSync(file);
    const stream = new RandomStream(0, "flips");
    const places = [
      0,
      8,
      whole.length - 1,
      whole.indexOf('"sha256":"') + 12,
      ...Array.from({ length: 60 }, () => stream.below(whole.length)),
    ];
    for (const at of places) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1 << stream.below(8);
      writeFileSync(file, damaged);
      await assert.rejects(readCheckpoint(file), (error: Error) => {
        assert.equal(error.name, "ArtifactError", `byte ${at}: ${error.message}`);
        assert.ok(error.message.startsWith(file), error.message);
        return true;
      });
    }
  });

  it("is refused when torn, wherever", async () => {
    const file = checkpointFile(await writeRun(join(folder(), "torn"), 1), 1);
    const { length } = readFileSync(file);
    for (let bytes = length - 1; bytes >= 0; bytes -= 37) {
      truncateSync(file, bytes);
      await assert.rejects(readCheckpoint(file), { name: "ArtifactError" }, `${bytes} of ${length} bytes`);
    }
  });

  it("says what differs", async () => {
    const file = checkpointFile(await writeRun(join(folder(), "said"), 1), 1);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    await assert.rejects(readCheckpoint(file), {
      message:
        /^\S+step-000000001\.safetensors: has sha256 [0-9a-f]{64}, its header says [0-9a-f]{64}; resume from another checkpoint, or begin again with --overwrite$/,
    });
    writeFileSync(file, writeSafetensors({ tensors, metadata: { format: "pt" } }));
    await assert.rejects(readCheckpoint(file), {
      message: /: has no checksum in its header, expected a checkpoint; /,
    });
    await assert.rejects(readCheckpoint(`${file}.gone`), {
      message: /gone: cannot be read \(ENOENT\), expected a checkpoint; /,
    });
  });
});

describe("findCheckpoint", () => {
  const folder = suiteFolder();

  it("finds nothing where nothing has been saved", async () => {
    assert.equal(await findCheckpoint(join(folder(), "nowhere")), null);
    assert.equal(await findCheckpoint(folder()), null);
  });

  it("takes the newest, by number and not by name", async () => {
    const run = await writeRun(join(folder(), "run"), 5, 999_999_999, 1_000_000_000);
    const file = checkpointFile(run, 1e9);
    assert.deepEqual(await findCheckpoint(run), { folder: run, file, step: 1e9, passedOver: [] });
  });

  it("passes over damaged ones, and says so", async () => {
    const run = await writeRun(join(folder(), "damaged"), 1, 2, 3);
    truncateSync(checkpointFile(run, 3), 100);
    truncateSync(checkpointFile(run, 2), 0);
    const found = await findCheckpoint(run);
    assert.equal(found?.step, 1);
    assert.deepEqual(
      found.passedOver.map((text) => text.slice(0, text.indexOf(":"))),
      [checkpointFile(run, 3), checkpointFile(run, 2)],
    );
  });

  it("refuses to begin anew over a run whose checkpoints are all damaged", async () => {
    const run = await writeRun(join(folder(), "lost"), 1, 2);
    for (const step of [1, 2]) truncateSync(checkpointFile(run, step), 9);
    await assert.rejects(findCheckpoint(run), (error: Error) => {
      assert.equal(error.name, "ArtifactError");
      assert.match(
        error.message,
        /^\S+: no checkpoint is whole, expected one to go on from; begin again with --overwrite:\n/,
      );
      assert.equal(error.message.split("\n").length, 3);
      return true;
    });
  });

  it("takes a file, finds its run, and refuses a damaged or a moved one", async () => {
    const run = await writeRun(join(folder(), "named"), 1, 2);
    const file = checkpointFile(run, 1);
    assert.deepEqual(await findCheckpoint(file), { folder: run, file, step: 1, passedOver: [] });
    truncateSync(checkpointFile(run, 2), 100);
    await assert.rejects(findCheckpoint(checkpointFile(run, 2)), { name: "ArtifactError" });
    const moved = join(dirname(run), "moved.safetensors");
    renameSync(file, moved);
    await assert.rejects(findCheckpoint(moved), {
      name: "UsageError",
      message: `${moved}: is not where a run keeps its checkpoints, expected RUN/checkpoints/step-000000001.safetensors; give a run folder, or a file of its folder checkpoints`,
    });
  });
});

describe("pruning", () => {
  const folder = suiteFolder();
  const after = async (name: string, keep: number, best: number | null, ...steps: number[]) => {
    const run = await writeRun(join(folder(), name), ...steps);
    await pruneCheckpoints(run, keep, best);
    return savedSteps(run);
  };

  it("keeps the newest and the best", async () => {
    assert.deepEqual(await after("a", 2, 4, 0, 2, 4, 6, 8, 10), [4, 8, 10]);
    assert.deepEqual(await after("b", 2, 10, 6, 8, 10), [8, 10]);
    assert.deepEqual(await after("c", 3, null, 0, 1), [0, 1]);
  });

  it("never removes the only one", async () => {
    assert.deepEqual(await after("d", 0, null, 3), [3]);
  });

  it("removes nothing else", async () => {
    const run = await writeRun(join(folder(), "e"), 1, 2);
    writeFileSync(join(run, RUN.checkpoints, "step-1-mine.safetensors"), "");
    await pruneCheckpoints(run, 1, null);
    assert.deepEqual(readdirSync(join(run, RUN.checkpoints)), [
      "step-000000002.safetensors",
      "step-1-mine.safetensors",
    ]);
    assert.equal(stepOf("step-1-mine.safetensors"), null);
  });

  it("removes what comes after the step that a run goes on from", async () => {
    const run = await writeRun(join(folder(), "f"), 1, 2, 3);
    await removeNewerCheckpoints(run, 2);
    assert.deepEqual(await savedSteps(run), [1, 2]);
  });

  it("removes what a killed process did not finish writing, and no other hidden file", async () => {
    const run = await writeRun(join(folder(), "g"), 1);
    const checkpoints = join(run, RUN.checkpoints);
    for (const name of [".step-000000002.safetensors.0123456789ab.tmp", ".notes.tmp"])
      writeFileSync(join(checkpoints, name), "");
    await removeUnfinished(run);
    assert.deepEqual(readdirSync(checkpoints), [".notes.tmp", "step-000000001.safetensors"]);
  });
});
