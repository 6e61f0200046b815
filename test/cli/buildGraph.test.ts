import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest, type Manifest } from "../../src/artifact/manifest.js";
import { decodeModel } from "../../src/codec/decode.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli, TINY } from "./executable.js";

const FILES = ["bank_init.onnx", "encoder.onnx", "state.safetensors", "train_step.onnx"];

describe("onnx-instdisc build-graph", () => {
  const folder = suiteFolder();
  const build = (out: string, ...args: string[]) =>
    runCli(["build-graph", ...TINY, "--out", out, ...args], { cwd: folder() });
  const read = (out: string, name: string) => readFileSync(join(folder(), out, name));

  it("writes four files and the manifest that describes them", async () => {
    const { code, stdout, stderr } = await build("plain");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^Wrote plain:\n {2}train_step\.onnx +\d+\.\d kB\n/);
    assert.match(
      stdout,
      /^Next: onnx-instdisc train --graph plain --data path\/to\/pictures --out build\/run$/m,
    );
    assert.deepEqual(readdirSync(join(folder(), "plain")).sort(), [...FILES, "manifest.json"].sort());

    const manifest = parseManifest(read("plain", "manifest.json").toString(), "manifest.json");
    const hashes = FILES.map((name) => [
      name,
      createHash("sha256").update(read("plain", name)).digest("hex"),
    ]);
    assert.deepEqual(
      Object.entries(manifest.files).map(([name, { sha256 }]) => [name, sha256]),
      hashes,
    );
    const { width, imageSize, batchSize, embeddingDim } = manifest.recipe;
    assert.deepEqual([width, imageSize, batchSize, embeddingDim], [4, 16, 16, 8]);
  });

  it("describes in the manifest every input and output of the training step", () => {
    const manifest = parseManifest(read("plain", "manifest.json").toString(), "manifest.json");
    const { graph } = decodeModel(read("plain", "train_step.onnx"), "train_step.onnx");
    const inputs = manifest.tensors.filter(({ role }) => role !== "output");
    assert.deepEqual(
      inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      graph.inputs,
    );
    const written = manifest.tensors.flatMap(({ name, role, next }) =>
      role === "output" ? name : (next ?? []),
    );
    assert.deepEqual(written.sort(), graph.outputs.map(({ name }) => name).sort());
  });

  it("gives the same bytes for the same options, and says so as JSON", async () => {
    const { code, stdout, stderr } = await build("again", "--json");
    assert.deepEqual([code, stderr], [0, ""]);
    const { out, manifest } = JSON.parse(stdout) as { out: string; manifest: Manifest };
    assert.equal(out, "again");
    assert.deepEqual(manifest, JSON.parse(read("plain", "manifest.json").toString()));
    for (const name of [...FILES, "manifest.json"]) {
      assert.ok(read("again", name).equals(read("plain", name)), `${name} has the same bytes`);
    }
  });

  it("gives other weights for another seed, and the same training step", async () => {
    assert.equal((await build("seeded", "--seed", "1")).code, 0);
    const same = (name: string) => read("seeded", name).equals(read("plain", name));
    assert.deepEqual(FILES.map(same), [true, false, false, true]);
  });

  it("replaces the files of an earlier build and leaves others alone", async () => {
    const before = readdirSync(join(folder(), "seeded"));
    assert.equal((await build("seeded")).code, 0);
    assert.deepEqual(readdirSync(join(folder(), "seeded")), before);
    assert.ok(read("seeded", "state.safetensors").equals(read("plain", "state.safetensors")));
  });

  it("describes what it would write, and writes nothing, with --dry-run", async () => {
    const { code, stdout, stderr } = await build("dry", "--dry-run");
    assert.deepEqual([code, stderr, existsSync(join(folder(), "dry"))], [0, "", false]);
    assert.match(stdout, /^Would write:\n {2}train_step\.onnx +\d+\.\d kB\n/);
    assert.doesNotMatch(stdout, /^Next:/m);
  });
});
