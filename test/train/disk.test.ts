/** @file Disks that are full or read-only: the run stops, says why, and the last checkpoint is as it was. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkpointFile, readCheckpoint } from "../../src/run/checkpoint.js";
import { RUN } from "../../src/run/layout.js";
import { findCheckpoint } from "../../src/run/resume.js";
import { prepareRunFolder } from "../../src/run/runFolder.js";
import { openProvider } from "../../src/train/openProvider.js";
import type { TrainEvent, TrainPlan } from "../../src/train/plan.js";
import { train } from "../../src/train/trainer.js";
import { suiteFolder } from "../support/temporary.js";
import { tinyPlan } from "./tinyPlan.js";

/** null where it worked, else why not. */
function mount(...args: string[]): string | null {
  const { status, stderr, error } = spawnSync("mount", args, { encoding: "utf8" });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

describe("a run on a disk that fails", () => {
  const folder = suiteFolder();
  const mounted: string[] = [];
  afterEach(() => {
    for (const path of mounted.splice(0)) spawnSync("umount", ["--lazy", path]);
  });

  const run = async (
    out: string,
    changes: Partial<TrainPlan>,
    onEvent: (event: TrainEvent) => void = () => {},
  ) => {
    const plan = await tinyPlan(out, changes);
    return train(plan, await openProvider(plan), { emit: onEvent, stopRequested: () => false });
  };

  /** Mounts at a new folder, or skips the test and says why. */
  function mountOrSkip(context: Mocha.Context, name: string, ...args: string[]): string {
    const path = join(folder(), name);
    mkdirSync(path, { recursive: true });
    const refusal = mount(...args, path);
    if (refusal !== null) {
      process.stdout.write(`      skipped: nothing can be mounted here (${refusal})\n`);
      context.skip();
    }
    mounted.push(path);
    return path;
  }

  it("that is full keeps its last checkpoint, and goes on once there is room", async function () {
    const disk = mountOrSkip(this, "full", "-t", "tmpfs", "-o", "size=4m", "tmpfs");
    const out = join(disk, "run");
    const ballast = join(disk, "ballast");
    await prepareRunFolder(out, false);
    const fill = (event: TrainEvent) => {
      if (event.kind !== "step" || event.step !== 4) return;
      // Leaves room for some lines of metrics, and none for a checkpoint.
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(ballast, new Uint8Array(bavail * bsize - 8 * bsize));
    };
    await assert.rejects(run(out, { checkpointEvery: 3 }, fill), {
      name: "ArtifactError",
      // The neighbour strips, an event or the checkpoint: whichever is the first to find no room.
      message: /\(ENOSPC\), expected a writable folder; free some space on the disk$/,
    });
    const found = (await findCheckpoint(out))!;
    assert.deepEqual([found.step, found.passedOver], [3, []]);
    assert.match(readFileSync(join(out, RUN.log), "utf8"), /Z failed: .*ENOSPC/);

    rmSync(ballast);
    await run(out, { checkpointEvery: 3, resume: found.file });
    const alone = join(folder(), "alone");
    await run(alone, { checkpointEvery: 3 });
    const metrics = (path: string) => readFileSync(join(path, RUN.metrics), "utf8");
    assert.equal(metrics(out), metrics(alone));
  });

  it("that is full to the last byte says so for its metrics, and a torn line does no harm", async function () {
    const disk = mountOrSkip(this, "brim", "-t", "tmpfs", "-o", "size=4m", "tmpfs");
    const out = join(disk, "run");
    const ballast = join(disk, "ballast");
    await prepareRunFolder(out, false);
    const fill = (event: TrainEvent) => {
      if (event.kind !== "step" || event.step !== 2) return;
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(ballast, new Uint8Array(bavail * bsize));
    };
    // Enough steps to fill the page that the metrics end in.
    await assert.rejects(run(out, { epochs: 50, checkpointEvery: 1000, evaluate: null }, fill), {
      name: "ArtifactError",
      message: /\((ENOSPC)\), expected a writable folder; free some space on the disk$/,
    });
    const found = (await findCheckpoint(out))!;
    assert.equal(found.step, 0);
    rmSync(ballast);
    await run(out, { steps: 8, checkpointEvery: 1000, evaluate: null, resume: found.file });
    const lines = readFileSync(join(out, RUN.metrics), "utf8").trimEnd().split("\n");
    for (const line of lines) JSON.parse(line);
  });

  it("that is read-only is refused before anything is computed", async function () {
    const source = join(folder(), "writable");
    mkdirSync(join(source, "run"), { recursive: true });
    const disk = mountOrSkip(this, "read-only", "--bind", source);
    const refusal = mount("-o", "remount,ro,bind", disk);
    if (refusal !== null) {
      process.stdout.write(`      skipped: nothing can be mounted read-only here (${refusal})\n`);
      this.skip();
    }
    for (const out of [join(disk, "run"), join(disk, "new")]) {
      await assert.rejects(prepareRunFolder(out, true), {
        name: "ArtifactError",
        message: `${out}: cannot be written (EROFS), expected a writable folder; choose a folder on a disk that is not read-only`,
      });
    }
  });

  it("that becomes read-only keeps its last checkpoint", async function () {
    const source = join(folder(), "turning");
    mkdirSync(source);
    const disk = mountOrSkip(this, "turned", "--bind", source);
    const out = join(disk, "run");
    await prepareRunFolder(out, false);
    const turn = (event: TrainEvent) => {
      if (event.kind !== "step" || event.step !== 2) return;
      // Files that are open for writing keep a disk from turning read-only at once: the folder of checkpoints does.
      const path = join(out, RUN.checkpoints);
      assert.equal(mount("--bind", path, path), null);
      mounted.unshift(path);
      assert.equal(mount("-o", "remount,ro,bind", path), null);
    };
    await assert.rejects(run(out, { checkpointEvery: 3 }, turn), {
      name: "ArtifactError",
      message: /step-000000003\.safetensors: cannot be written \(EROFS\), /,
    });
    const { progress } = await readCheckpoint(checkpointFile(out, 0));
    assert.equal(progress.step, 0);
    assert.equal((await findCheckpoint(out))?.step, 0);
  });
});
