/** @file One small finished run, trained once for all suites that need one. */

import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli, TINY_TRAINING } from "../cli/executable.js";
import { writeSmallPictures } from "./smallPictures.js";

export interface TrainedRun {
  /** The run folder; never write into it. */
  readonly run: string;
  /** The pictures with their labels: 200 to learn from, 40 held out. */
  readonly pictures: string;
}

let trained: Promise<TrainedRun> | null = null;

async function train(): Promise<TrainedRun> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "instdisc-run-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const [run, pictures] = [join(folder, "run"), join(folder, "pictures")];
  writeSmallPictures(pictures, 200);
  const args = ["train", ...TINY_TRAINING, "--data", pictures, "--epochs", "2", "--out", run];
  const { code, stderr } = await runCli(args, { cwd: folder });
  assert.equal(code, 0, stderr);
  return { run, pictures };
}

/** Trains before the tests of the current suite, or takes what an earlier suite trained. */
export function suiteRun(): () => TrainedRun {
  let found: TrainedRun | null = null;
  before(async () => {
    found = await (trained ??= train());
  });
  return () => found!;
}
