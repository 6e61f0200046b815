/** @file train --accumulation: steps of several batches, from the command line to the run folder. */

import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FILES } from "../../src/build/buildArtifact.js";
import { RUN } from "../../src/run/layout.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli, TINY_TRAINING } from "./executable.js";
import { writeClassFolders } from "./pictures.js";

describe("train --accumulation", () => {
  const folder = suiteFolder();
  const at = (...names: string[]) => join(folder(), ...names);
  const train = (...args: string[]) => runCli(["train", ...TINY_TRAINING, ...args], { cwd: folder() });
  const stateOf = (out: string) => readFileSync(at(out, RUN.exported, FILES.state));
  // 120 pictures, less a tenth held out: three steps of two batches of 16 in an epoch.
  const options = ["--data", "pictures", "--accumulation", "2", "--epochs", "2", "--keep", "9"];
  const noisy = ["--objective", "nce", "--negatives", "20", "--normalizer", "ema"];

  before(async () => {
    await writeClassFolders(at("pictures"), 120);
    const { code, stderr } = await train(...options, ...noisy, "--checkpoint-every", "1", "--out", "whole");
    assert.equal(code, 0, stderr);
  });

  it("takes as many steps as there are whole groups of batches", () => {
    const steps = readFileSync(at("whole", RUN.metrics), "utf8").match(/"kind":"step"/g);
    assert.equal(steps?.length, 6);
  });

  it("goes on between two steps with the bits of a run that never stopped", async () => {
    cpSync(at("whole"), at("resumed"), { recursive: true });
    for (const name of readdirSync(at("resumed", RUN.checkpoints)))
      if (!/step-0*[0-2]\./.test(name)) rmSync(at("resumed", RUN.checkpoints, name));
    const { code, stderr } = await runCli(["train", "--resume", "resumed"], { cwd: folder() });
    assert.equal(code, 0, stderr);
    assert.deepEqual(stateOf("resumed"), stateOf("whole"));
    assert.equal(
      readFileSync(at("resumed", RUN.metrics), "utf8"),
      readFileSync(at("whole", RUN.metrics), "utf8"),
    );
  });

  it("is not the same as steps of one batch", async () => {
    const { code, stderr } = await train("--data", "pictures", "--epochs", "2", ...noisy, "--out", "plain");
    assert.equal(code, 0, stderr);
    assert.notDeepEqual(stateOf("plain"), stateOf("whole"));
  });

  it("refuses more batches than there are pictures for", async () => {
    const { code, stderr } = await train("--data", "pictures", "--accumulation", "9", "--out", "never");
    assert.equal(code, 2);
    assert.match(
      stderr,
      /has 108 pictures, expected at least 9 batches of 16; lower --accumulation or --batch-size/,
    );
  });
});
