/** @file train with a config file, a preset, and the settings that a run stored. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FILES } from "../../src/build/buildArtifact.js";
import type { Settings } from "../../src/config/settings.js";
import { RUN } from "../../src/run/layout.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli } from "./executable.js";
import { writeClassFolders } from "./pictures.js";

const CONFIG = `
preset: cifar10
data: pictures
width: 4
image-size: 16
batch-size: 16
data-workers: 1
embedding-dim: 8
objective: nce
negatives: 8
noise-form: auto
steps: 5
milestones: [1]
accumulation: 1
lr: 0.01
`;

describe("train --config", () => {
  const folder = suiteFolder();
  const at = (...names: string[]) => join(folder(), ...names);
  const train = (...args: string[]) => runCli(["train", ...args], { cwd: folder() });
  const resolved = (out: string) =>
    JSON.parse(readFileSync(at(out, "config.resolved.json"), "utf8")) as Settings;

  before(async () => {
    await writeClassFolders(at("pictures"), 40);
    writeFileSync(at("run.yaml"), CONFIG);
    const { code, stderr } = await train("--config", "run.yaml", "--lr", "0.02", "--out", "first");
    assert.equal(code, 0, stderr);
    writeFileSync(at("stderr.txt"), stderr);
  });

  it("tells on stderr what the preset sets, whose edition it is, and what was overridden", () => {
    const stderr = readFileSync(at("stderr.txt"), "utf8");
    assert.match(stderr, /^preset cifar10; source: Wu et al\. 2018, the authors' code: .*cifar\.py/);
    assert.match(stderr, /^ {2}.*epochs 200, lr 0\.03, .*schedule step/m);
    assert.match(stderr, /^ {2}overridden: epochs none \(preset: 200\), lr 0\.02 \(preset: 0\.03\), /m);
    for (const line of stderr.split("\n").filter((one) => one.startsWith("  ")))
      assert.ok(line.length <= 100, line);
  });

  it("stores every setting as it turned out: options over the file over the preset", () => {
    const settings = resolved("first");
    assert.deepEqual(
      [settings.lr, settings.steps, settings.momentum, settings.negatives, settings["bank-init"]],
      [0.02, 5, 0.9, 8, "uniform"],
    );
    assert.match(String(settings["noise-form"]), /^(gather|gemm)$/, "measured");
    assert.deepEqual([settings.mean?.length, settings.resize, settings.data], [3, 16, at("pictures")]);
    assert.ok(Number.isInteger(settings.threads));
  });

  it("repeats a run bit for bit with the settings that it stored", async () => {
    const { code, stderr } = await train("--config", "first/config.resolved.json", "--out", "second");
    assert.equal(code, 0, stderr);
    const state = (out: string) => readFileSync(at(out, RUN.exported, FILES.state));
    assert.ok(state("second").equals(state("first")));
    assert.deepEqual(resolved("second"), { ...resolved("first"), out: "second" });
  });

  it("refuses a file with faults, and writes nothing", async () => {
    writeFileSync(at("wrong.json"), '{ "epoch": 3, "lr": -1 }');
    const { code, stderr } = await train("--config", "wrong.json", "--out", "none");
    assert.equal(code, 2);
    assert.ok(
      stderr.startsWith(
        "wrong.json: epoch is no setting, did you mean epochs?; lr is -1, expected a number above 0; correct the file\n",
      ),
      stderr,
    );
  });
});
