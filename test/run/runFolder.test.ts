/** @file The folder of a run, before anything is computed. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { RUN } from "../../src/run/layout.js";
import { prepareRunFolder } from "../../src/run/runFolder.js";
import { suiteFolder } from "../support/temporary.js";

const OURS = [
  "metrics.jsonl",
  "timings.jsonl",
  "train.log",
  "config.resolved.json",
  "env.json",
  "report.html",
  "events.out.tfevents.1700000000.host",
  ".env.json.0123456789ab.tmp",
  "graph/manifest.json",
  "graph/train_step.onnx",
  "graph/state.safetensors",
  "exported/encoder.onnx",
  "exported/.state.safetensors.0123456789ab.tmp",
  "checkpoints/step-000000040.safetensors",
  "checkpoints/.step-000000041.safetensors.0123456789ab.tmp",
  "neighbours/step-000000040.png",
];
const THEIRS = ["notes.txt", "graph/notes.txt", "checkpoints/step-40-copy.safetensors", "photos/a.png"];

describe("prepareRunFolder", () => {
  const folder = suiteFolder();
  const at = (...names: string[]) => join(folder(), ...names);
  const write = (...names: string[]) => {
    mkdirSync(dirname(at(...names)), { recursive: true });
    writeFileSync(at(...names), names.join("/"));
  };
  const filesIn = (name: string) =>
    readdirSync(at(name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(at(name).length + 1))
      .sort();

  it("makes a folder with all its parents, and one for checkpoints", async () => {
    await prepareRunFolder(at("a/b/c"), false);
    assert.deepEqual(readdirSync(at("a/b/c")), [RUN.checkpoints]);
  });

  it("takes an empty folder as it is", async () => {
    mkdirSync(at("empty"));
    await prepareRunFolder(at("empty"), false);
    assert.deepEqual(readdirSync(at("empty")), [RUN.checkpoints]);
  });

  it("refuses one that holds files, and leaves them", async () => {
    write("full", "env.json");
    await assert.rejects(prepareRunFolder(at("full"), false), {
      name: "UsageError",
      message:
        `${at("full")}: is not empty (1 found), expected an empty or new folder; choose another --out, ` +
        "pass --resume auto to go on with the run in it, or --overwrite to begin again",
    });
    assert.deepEqual(readdirSync(at("full")), ["env.json"]);
  });

  it("removes an earlier run when told to, and nothing that is not ours", async () => {
    for (const name of [...OURS, ...THEIRS]) write("old", name);
    await prepareRunFolder(at("old"), true);
    assert.deepEqual(filesIn("old"), [...THEIRS].sort());
    assert.deepEqual(
      readdirSync(at("old")).sort(),
      ["checkpoints", "graph", "notes.txt", "photos"],
      "folders of ours that held nothing else are gone",
    );
    assert.equal(readFileSync(at("old", "graph/notes.txt"), "utf8"), "old/graph/notes.txt");
  });

  it("keeps a folder of checkpoints that is a link to a larger disk", async () => {
    write("disk", "step-000000001.safetensors");
    mkdirSync(at("linked"));
    symlinkSync(at("disk"), at("linked", RUN.checkpoints));
    await prepareRunFolder(at("linked"), true);
    assert.deepEqual(readdirSync(at("linked", RUN.checkpoints)), []);
    assert.deepEqual(readdirSync(at("disk")), []);
  });

  it("says why a folder cannot be written", async () => {
    writeFileSync(at("file"), "");
    await assert.rejects(prepareRunFolder(at("file", "run"), true), {
      name: "ArtifactError",
      message:
        `${at("file", "run")}: cannot be written (ENOTDIR), expected a writable folder; ` +
        "choose a folder whose path has no file in it",
    });
  });
});
