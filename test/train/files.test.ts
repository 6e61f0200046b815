/** @file What a run writes beside the artifact, and the folder it writes to. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MetricsFile, METRICS_FILE } from "../../src/train/metrics.js";
import { prepareRunFolder } from "../../src/train/runFolder.js";
import { suiteFolder } from "../support/temporary.js";

describe("prepareRunFolder", () => {
  const folder = suiteFolder();
  const at = (...names: string[]) => join(folder(), ...names);

  it("makes a folder with all its parents, and an empty metrics file", async () => {
    await prepareRunFolder(at("a/b/c"), false);
    assert.deepEqual(readdirSync(at("a/b/c")), [METRICS_FILE]);
    assert.equal(readFileSync(at("a/b/c", METRICS_FILE), "utf8"), "");
  });

  it("takes an empty folder as it is", async () => {
    mkdirSync(at("empty"));
    await prepareRunFolder(at("empty"), false);
    assert.deepEqual(readdirSync(at("empty")), [METRICS_FILE]);
  });

  it("refuses one that holds files, and leaves them", async () => {
    mkdirSync(at("full"));
    writeFileSync(at("full", "encoder.onnx"), "old");
    await assert.rejects(prepareRunFolder(at("full"), false), {
      name: "UsageError",
      message: `${at("full")}: is not empty (1 found), expected an empty or new folder; choose another --out, or pass --overwrite`,
    });
    assert.equal(readFileSync(at("full", "encoder.onnx"), "utf8"), "old");
  });

  it("removes an earlier run when told to, and nothing that is not ours", async () => {
    const ours = [
      "manifest.json",
      "metrics.jsonl",
      "train_step.onnx",
      "bank_init.onnx",
      "encoder.onnx",
      "state.safetensors",
    ];
    mkdirSync(at("old"));
    for (const name of [...ours, "notes.txt"]) writeFileSync(at("old", name), name);
    await prepareRunFolder(at("old"), true);
    assert.deepEqual(readdirSync(at("old")).sort(), [METRICS_FILE, "notes.txt"]);
    assert.equal(readFileSync(at("old", METRICS_FILE), "utf8"), "");
  });

  it("says why a folder cannot be written", async () => {
    writeFileSync(at("file"), "");
    await assert.rejects(prepareRunFolder(at("file", "run"), true), {
      name: "ArtifactError",
      message: `${at("file", "run")}: cannot be written (ENOTDIR), expected a folder to write to; choose another --out`,
    });
  });
});

describe("MetricsFile", () => {
  const folder = suiteFolder();

  it("writes one record a line, as it comes", () => {
    const file = new MetricsFile(folder());
    const read = () => readFileSync(join(folder(), METRICS_FILE), "utf8");
    file.append({ kind: "step", loss: 1.5 });
    assert.equal(read(), '{"kind":"step","loss":1.5}\n');
    file.append({ text: "two\nlines" });
    assert.deepEqual(
      read()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
      [{ kind: "step", loss: 1.5 }, { text: "two\nlines" }],
    );
  });

  it("says why it cannot be written", () => {
    const path = join(folder(), "gone", METRICS_FILE);
    assert.throws(() => new MetricsFile(join(folder(), "gone")).append({}), {
      name: "ArtifactError",
      message: `${path}: cannot be written (ENOENT); free the disk or choose another --out`,
    });
  });
});
