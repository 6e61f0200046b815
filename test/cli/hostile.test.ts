/** @file What people find among their pictures must not stop a run: each file is told once, and left out. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RUN } from "../../src/run/layout.js";
import type { MetricRecord } from "../../src/run/records.js";
import type { TrainSummary } from "../../src/train/plan.js";
import { fillHostileFolder, type HostileFolder } from "../support/hostileFolder.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli, type Outcome } from "./executable.js";
import { writeClassFolders } from "./pictures.js";

const SETTINGS = ["--arch", "resnet10", "--width", "4", "--image-size", "16", "--embedding-dim", "8"];

describe("a run over hostile files", () => {
  const folder = suiteFolder();
  const at = (...names: string[]) => join(folder(), ...names);
  const train = (...args: string[]) =>
    runCli(["train", ...SETTINGS, "--data-workers", "1", ...args], { cwd: folder() });
  const toldIn = (out: string): string[] =>
    readFileSync(at(out, RUN.metrics), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as MetricRecord)
      .flatMap((record) => (record.kind === "broken" ? [record.id] : []));
  let hostile: HostileFolder;
  let outcome: Outcome;

  before(async () => {
    mkdirSync(at("hostile"));
    hostile = await fillHostileFolder(at("hostile"));
    outcome = await train(
      "--data",
      "hostile",
      "--batch-size",
      "4",
      "--epochs",
      "2",
      "--out",
      "run",
      "--json",
    );
  });

  it("ends well", () => {
    assert.equal(outcome.code, 0, outcome.stderr);
    const summary = JSON.parse(outcome.stdout) as TrainSummary;
    assert.equal(summary.epochs, 2);
    assert.ok(Number.isFinite(summary.loss));
    assert.ok(hostile.good.length + hostile.broken.length >= 40);
  });

  it("tells every picture that cannot be read once, in metrics, log and on stderr, and counts them", () => {
    const { brokenPictures } = JSON.parse(outcome.stdout) as TrainSummary;
    assert.deepEqual(toldIn("run").sort(), [...hostile.broken].sort());
    assert.equal(brokenPictures, hostile.broken.length);
    assert.equal(outcome.stderr.match(/^broken picture/gm)?.length, brokenPictures);
    assert.equal(readFileSync(at("run", RUN.log), "utf8").match(/ broken picture/g)?.length, brokenPictures);
  });

  it("stops at the first of them with --strict-data, before a run folder is made", async () => {
    const { code, stderr } = await train(
      ...["--data", "hostile", "--data-format", "flat", "--batch-size", "4", "--epochs", "1"],
      ...["--out", "strict", "--strict-data"],
    );
    assert.equal(code, 1);
    assert.match(stderr, /expected .*; .*\n/);
    assert.ok(!existsSync(at("strict")));
  });

  it("says of a held-out picture too that it cannot be read", async () => {
    await writeClassFolders(at("parts", "train"), 16);
    await writeClassFolders(at("parts", "val"), 8);
    writeFileSync(at("parts", "val", "class0", "torn.jpg"), "this is not a picture");
    renameSync(at("parts", "train", "class1", "1.png"), at("parts", "train", "class1", "1.jpg"));
    writeFileSync(at("parts", "train", "class2", "zero.jpg"), "");
    const args = ["--data", "parts", "--batch-size", "8", "--epochs", "1", "--out", "labelled", "--json"];
    const { code, stdout, stderr } = await train(...args);
    assert.equal(code, 0, stderr);
    assert.deepEqual(toldIn("labelled").sort(), ["class0/torn.jpg", "class2/zero.jpg"]);
    assert.equal((JSON.parse(stdout) as TrainSummary).brokenPictures, 2);
  });

  it("ends a run that has nothing but such files", async () => {
    mkdirSync(at("nothing"));
    for (let row = 0; row < 8; row++) writeFileSync(at("nothing", `${row}.jpg`), "this is not a picture");
    const args = ["--data", "nothing", "--batch-size", "4", "--epochs", "1", "--out", "none"];
    const { code, stderr } = await train(...args);
    assert.equal(code, 1);
    assert.match(stderr, /nothing.*expected/s);
  });
});
