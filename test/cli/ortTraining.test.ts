import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { readCheckpoint } from "../../src/artifact/ortTraining/checkpoint.js";
import { readArtifact } from "../../src/artifact/node.js";
import { EXIT, main } from "../../src/cli/main.js";

const SMALL = ["--width", "2", "--image-size", "8", "--batch-size", "2", "--embedding-dim", "4"];
const OFFICIAL = ["checkpoint", "eval_model.onnx", "optimizer_model.onnx", "training_model.onnx"];

class Collected extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new Collected(), new Collected()];
  const code = await main(argv, { stdout, stderr, isTerminal: false, onInterrupt: () => () => undefined });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

describe("build-graph --ort-training", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "ort-training-"));
  });
  after(() => rm(folder, { recursive: true }));

  const build = (out: string, ...options: string[]) =>
    run("build-graph", ...SMALL, "--out", join(folder, out), ...options);
  const optimizerOf = async (out: string) =>
    Buffer.from((await readArtifact(join(folder, out))).files.get("optimizer_model.onnx")!).toString(
      "latin1",
    );

  it("writes the four files beside the others, and lists them in the manifest", async () => {
    const { code, stdout, stderr } = await build("default", "--ort-training");
    assert.deepEqual([code, stderr], [EXIT.fine, ""]);
    for (const name of OFFICIAL) assert.ok(stdout.includes(name), `${name} in ${stdout}`);
    const { manifest, files } = await readArtifact(join(folder, "default"));
    assert.deepEqual(
      OFFICIAL.filter((name) => manifest.files[name] === undefined),
      [],
    );
    assert.equal(readCheckpoint(files.get("checkpoint")!, "checkpoint").optimizer, null);
  });

  it("takes AdamW if no optimizer is named, or the one that is", async () => {
    await build("sgd", "--ort-training", "sgd");
    assert.match(await optimizerOf("default"), /AdamWOptimizer/);
    assert.match(await optimizerOf("sgd"), /SGDOptimizerV2/);
  });

  it("gives the checkpoint the weights that the folder begins with", async () => {
    const weights = join(folder, "default", "state.safetensors");
    const { code, stderr } = await build("given", "--seed", "9", "--init-from", weights, "--ort-training");
    assert.equal(code, EXIT.fine, stderr);
    const checkpoints = await Promise.all(
      ["default", "given"].map(async (out) =>
        (await readArtifact(join(folder, out))).files.get("checkpoint"),
      ),
    );
    assert.deepEqual(checkpoints[1], checkpoints[0]);
  });

  it("writes none of them unless asked to", async () => {
    await build("plain");
    const { files } = await readArtifact(join(folder, "plain"));
    assert.deepEqual(
      OFFICIAL.filter((name) => files.has(name)),
      [],
    );
  });

  it("refuses an optimizer that on-device training does not have", async () => {
    const { code, stderr } = await build("lion", "--ort-training", "lion");
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /ort-training.*"lion".*"adamw", "sgd"/s);
  });
});
