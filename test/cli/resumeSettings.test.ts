/** @file train --resume, as a user meets it. */

import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FILES } from "../../src/build/buildArtifact.js";
import { checkpointFile } from "../../src/run/checkpoint.js";
import { RUN } from "../../src/run/layout.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli, TINY_TRAINING } from "./executable.js";
import { writeClassFolders } from "./pictures.js";

describe("train --resume", () => {
  const folder = suiteFolder();
  const at = (...names: string[]) => join(folder(), ...names);
  const train = (...args: string[]) => runCli(["train", ...args], { cwd: folder() });
  const steps = ["--steps", "6", "--checkpoint-every", "2", "--keep", "9"];
  const whole = [...TINY_TRAINING, "--data", "pictures", ...steps];

  /** A run of six steps as it was after the first two. */
  function cutShort(out: string): void {
    cpSync(at("whole"), at(out), { recursive: true });
    rmSync(at(out, RUN.exported), { recursive: true });
    const steps = readdirSync(at(out, RUN.checkpoints)).sort();
    for (const name of steps.filter((one) => !/step-0*[02]\./.test(one)))
      rmSync(at(out, RUN.checkpoints, name));
  }

  before(async () => {
    await writeClassFolders(at("pictures"), 40);
    const { code, stderr } = await train(...whole, "--out", "whole");
    assert.equal(code, 0, stderr);
  });

  for (const [title, args] of [
    ["auto, asked for everything again", [...whole, "--out", "again", "--resume", "auto"]],
    ["the folder alone", ["--resume", "again", "--data-workers", "2"]],
    ["a checkpoint", ["--resume", checkpointFile("again", 2)]],
  ] as const) {
    it(`goes on with the settings of the run and ends with the same bits: ${title}`, async () => {
      cutShort("again");
      const { code, stderr } = await train(...args);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /goes on after step 2/);
      for (const name of [join(RUN.exported, FILES.state), RUN.metrics])
        assert.ok(readFileSync(at("again", name)).equals(readFileSync(at("whole", name))), name);
      rmSync(at("again"), { recursive: true });
    });
  }

  it("begins where --out holds no run, when auto", async () => {
    const { code, stderr } = await train(...whole, "--out", "new", "--resume", "auto");
    assert.equal(code, 0, stderr);
    const state = (out: string) => readFileSync(at(out, RUN.exported, FILES.state));
    assert.ok(state("new").equals(state("whole")));
  });

  it("refuses settings that are not those of the run, all at once", async () => {
    const { code, stderr } = await train(
      "--resume",
      "whole",
      "--lr",
      "0.5",
      "--batch-size",
      "8",
      "--keep",
      "3",
    );
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^whole\/config\.resolved\.json: --lr is 0\.5, the run has 0\.03; --batch-size is 8, the run has 16; leave these out/,
    );
  });

  it("refuses another folder to go on in", async () => {
    const { code, stderr } = await train("--resume", "whole", "--out", "elsewhere");
    assert.equal(code, 2);
    assert.match(stderr, /--resume whole: is a run in whole, and --out is elsewhere; .*leave --out out/);
  });
});
