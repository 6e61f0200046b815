/** @file Commands load what they need, and no more: a package that is missing stops nothing else. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Examination } from "../../src/doctor/examine.js";
import { ExactIndex } from "../../src/search/folder/exactIndex.js";
import { createIndexFolder } from "../../src/search/folder/store.js";
import { VERSION } from "../../src/version.js";
import { entriesOf, unitVectors } from "../search/backendRules.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli } from "./executable.js";

/** What the work of some command needs. */
const HEAVY = [
  ...[
    "sharp",
    "usearch",
    "koffi",
    "onnxruntime-node",
    "vega",
    "vega-lite",
    "zod",
    "hono",
    "@hono/node-server",
  ],
  ...["hyparquet", "hyparquet-writer", "umap-js", "onnx-proto", "flatbuffers", "yaml"],
];

const NATIVE = ["sharp", "usearch", "koffi", "onnxruntime-node"];

describe("onnx-instdisc, starting", () => {
  const folder = suiteFolder();
  const run = (args: readonly string[], without: readonly string[]) =>
    runCli(args, { cwd: folder(), without });

  it("says its version and lists presets without any library that others need", async () => {
    assert.deepEqual(await run(["--version"], HEAVY), { code: 0, stdout: `${VERSION}\n`, stderr: "" });
    const { code, stdout, stderr } = await run(["presets", "small"], HEAVY);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^small: /);
  });

  it("needs no native library to list and explain its commands", async () => {
    for (const args of [["--help"], ["index", "create", "--help"], ["serve", "--help"]]) {
      const { code, stderr } = await run(args, NATIVE);
      assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    }
  });

  it("refuses a command that is not there, and names the one that was meant", async () => {
    const { code, stderr } = await run(["trian"], []);
    assert.deepEqual([code, stderr], [2, 'Did you mean train?\nTry "onnx-instdisc --help".\n']);
  });

  it("lets doctor say that usearch is missing", async () => {
    const { code, stdout } = await run(["doctor", "--json"], ["usearch"]);
    assert.equal(code, 1);
    const all = (JSON.parse(stdout) as Examination[]).flatMap(({ findings }) => findings);
    const { state, remedy } = all.find(({ what }) => what === "usearch")!;
    assert.deepEqual([state, remedy], ["problem", "npm install usearch"]);
  });

  it("searches exactly without usearch, and says what a graph needs", async () => {
    const index = join(folder(), "index");
    const vectors = unitVectors(20, 8, 1);
    await createIndexFolder(index, { dim: 8, precision: "float32", model: null, pictures: [] });
    const opened = await ExactIndex.open(index);
    await opened.add(entriesOf(vectors, 0, 20));
    await opened.close();

    const searched = await run(["search", "--id", "v3", "--in", index, "--k", "2", "--json"], ["usearch"]);
    assert.deepEqual([searched.code, searched.stderr], [0, ""]);
    const [{ found }] = JSON.parse(searched.stdout) as [{ found: object[] }];
    assert.equal(found.length, 2);

    const { code, stderr } = await run(["index", "hnsw", index], ["usearch"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^usearch: found that it does not load \(no package usearch\), expected .*; reinstall with "npm install usearch"/,
    );
  });
});
