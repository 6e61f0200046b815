import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { decodeModel } from "../../src/codec/decode.js";
import { printGraph } from "../../src/ir/print.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli, TINY } from "./executable.js";

describe("onnx-instdisc inspect", () => {
  const folder = suiteFolder();
  const inspect = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli(["inspect", ...args], { cwd: folder() });
    assert.deepEqual([code, stderr], [0, ""]);
    return stdout;
  };
  const read = (name: string) => readFileSync(join(folder(), "graph", name));

  before(async () => {
    const built = await runCli(["build-graph", ...TINY, "--out", "graph"], { cwd: folder() });
    assert.equal(built.code, 0, built.stderr);
  });

  it("shows a folder's files, inputs and recipe", async () => {
    const text = await inspect("graph");
    assert.match(text, /^graph: made by onnx-instdisc \S+, opset 18, seed 0; all files are whole$/m);
    assert.match(text, /^ {2}train_step\.onnx +\d+\.\d kB$/m);
    assert.match(text, /^ {2}pixel_values +input +float32 \[16, 3, 16, 16\]$/m);
    assert.match(text, /^ {2}batchSize +16$/m);
    assert.doesNotMatch(text, /NaN|undefined|\[object/);
  });

  it("gives the folder's manifest as JSON", async () => {
    const { manifest } = JSON.parse(await inspect("graph", "--json")) as { manifest: unknown };
    assert.deepEqual(manifest, JSON.parse(read("manifest.json").toString()));
  });

  it("estimates a bank of the size that is asked for", async () => {
    const text = await inspect("graph", "--instances", "1000");
    assert.match(text, /^ {2}memory: bank of 1,000 +32\.0 kB$/m); // 1000 rows of 8 numbers of 4 bytes
  });

  it("shows a model's inputs and outputs, and lists it node by node", async () => {
    const text = await inspect("graph/encoder.onnx");
    assert.match(text, /^ {2}pixel_values +input +float32 \[batch, 3, 16, 16\]$/m);
    assert.match(text, /^ {2}image_embeds +output +float32 \[batch, 8\]$/m);
    const { graph } = decodeModel(read("encoder.onnx"), "encoder.onnx");
    assert.equal(await inspect("graph/encoder.onnx", "--listing"), printGraph(graph));
  });

  it("lists the tensors of a weights file", async () => {
    const { tensors } = readSafetensors(read("state.safetensors"), "state.safetensors");
    const text = await inspect("graph/state.safetensors");
    assert.match(text, new RegExp(`^graph/state\\.safetensors: ${tensors.size} tensors, `));
    for (const [name, { dtype, shape }] of tensors) {
      assert.ok(text.includes(`${dtype} [${shape.join(", ")}]`) && text.includes(`  ${name} `), name);
    }
  });
});
