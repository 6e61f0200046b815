import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readArtifact } from "../../src/artifact/node.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { FILES } from "../../src/build/buildArtifact.js";
import { asFloat32 } from "../../src/ir/rawTensor.js";
import { openSession } from "../../src/runtime/node.js";
import { floats } from "../../src/runtime/session.js";
import { RUN } from "../../src/run/layout.js";
import type { MetricRecord } from "../../src/run/records.js";
import type { TrainSummary } from "../../src/train/plan.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli, TINY, TINY_TRAINING } from "./executable.js";
import { writeClassFolders, writeIdx } from "./pictures.js";

const PICTURES = 80;
const HELD_OUT = 8;

describe("onnx-instdisc train", () => {
  const folder = suiteFolder();
  const read = (out: string, name: string) => readFileSync(join(folder(), out, name));
  const stateOf = (out: string) => read(out, join(RUN.exported, FILES.state));
  const recordsOf = (out: string) =>
    read(out, RUN.metrics)
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as MetricRecord);

  /** Two epochs of four steps. */
  const trainWith = (settings: readonly string[], out: string, data: string, ...args: string[]) =>
    runCli(["train", ...settings, "--data", data, "--epochs", "2", "--out", out, ...args], { cwd: folder() });
  const train = (out: string, data: string, ...args: string[]) =>
    trainWith(TINY_TRAINING, out, data, ...args);

  async function trainedState(out: string, data: string, ...args: string[]): Promise<Buffer> {
    const { code, stderr } = await train(out, data, ...args);
    assert.equal(code, 0, stderr);
    return stateOf(out);
  }

  before(async () => {
    await writeClassFolders(join(folder(), "pictures"), PICTURES);
  });

  it("learns from class folders, with nothing but progress on stderr", async () => {
    const { code, stdout, stderr } = await train("run", "pictures");
    assert.equal(code, 0, stderr);
    const expected = [
      /^preset small; source: our own, on the authors' CIFAR-10 network$/,
      /^ {2}overridden: epochs 2 \(preset: 100\), width 4 \(preset: 64\), /,
      /^objective softmax: 72 pictures, at most 100,000; a step takes [\d,]+ multiplications with softmax, /,
      /^chance: \d+\.\d %$/,
      /^raw pixels: kNN\(72\) \d+\.\d %, kNN\(1\) \d+\.\d %$/,
      /^untrained network: kNN\(72\) \d+\.\d %, kNN\(1\) \d+\.\d %$/,
      /^epoch 1: loss \d+\.\d{3}, kNN\(72\) \d+\.\d %, kNN\(1\) \d+\.\d %, \d+ s$/,
      /^epoch 2: loss \d+\.\d{3}, kNN\(72\) \d+\.\d %, kNN\(1\) \d+\.\d %, \d+ s$/,
      /^learned: kNN\(72\) \d+\.\d %, kNN\(1\) \d+\.\d %$/,
    ];
    // On a slow machine, a line every ten seconds says how far a stage has come.
    const lines = stderr
      .trimEnd()
      .split("\n")
      .filter((line) => !/^(step )?[^:]*\d+\/\d+/.test(line) && !/: \d+\/\d+$/.test(line))
      .filter((line) => !line.startsWith("  ") || line.includes("overridden"));
    assert.equal(lines.length, expected.length, stderr);
    lines.forEach((line, at) => assert.match(line, expected[at]!));
    assert.match(stdout, /^Learned in .*: 2 epochs, 8 steps, loss \d+\.\d{3}\.$/m);
    assert.match(stdout, /^run\/exported\/encoder\.onnx maps pictures to vectors in any ONNX runtime/m);
  });

  it("records every step and epoch in metrics.jsonl", () => {
    const records = recordsOf("run");
    const steps = records.filter((record) => record.kind === "step");
    assert.deepEqual(
      steps.map(({ step, epoch }) => [step, epoch]),
      [1, 2, 3, 4, 5, 6, 7, 8].map((step) => [step, step <= 4 ? 1 : 2]),
    );
    const epochs = records.filter((record) => record.kind === "epoch");
    epochs.forEach(({ epoch, loss }, at) => {
      const own = steps.filter((step) => step.epoch === at + 1).map((step) => step.loss);
      assert.deepEqual([epoch, loss], [at + 1, own.reduce((a, b) => a + b) / own.length]);
    });
    assert.equal(epochs.length, 2);
    assert.deepEqual(
      records.flatMap((record) => (record.kind === "level" ? record.name : [])),
      ["chance", "raw pixels", "untrained network", "learned"],
    );
  });

  it("writes an encoder that gives unit vectors, with the weights of the state", async () => {
    const { manifest, files } = await readArtifact(join(folder(), "run", RUN.exported));
    assert.deepEqual(
      readdirSync(join(folder(), "run"))
        .map((name) => name.replace(/tfevents.*/, "tfevents"))
        .sort(),
      [
        RUN.checkpoints,
        RUN.config,
        RUN.environment,
        RUN.exported,
        RUN.graph,
        RUN.metrics,
        RUN.timings,
        RUN.log,
        RUN.neighbours,
        RUN.report,
        RUN.tuned,
        "events.out.tfevents",
      ].sort(),
    );
    assert.deepEqual(
      readdirSync(join(folder(), "run", RUN.exported)).sort(),
      [...files.keys(), "manifest.json"].sort(),
    );
    const session = await openSession(files.get(FILES.encoder)!, FILES.encoder, { ep: "cpu" });
    const { imageSize } = manifest.preprocessing;
    const pictures = floats([3, 3, imageSize, imageSize]);
    pictures.data.forEach((_, at) => (pictures.data[at] = Math.sin(at)));
    const embeddings = floats([3, manifest.recipe.embeddingDim]);
    await session.run(new Map([["pixel_values", pictures]]), new Map([["image_embeds", embeddings]]));
    await session.close();
    for (let row = 0; row < 3; row++) {
      const length = Math.hypot(...embeddings.data.subarray(row * 8, row * 8 + 8));
      assert.ok(Math.abs(length - 1) < 1e-5, `row ${row} has length ${length}`);
    }
    assert.notDeepEqual(embeddings.data.slice(0, 8), embeddings.data.slice(8, 16), "pictures are told apart");
  });

  it("writes a bank of unit vectors, one for each picture it learned from", () => {
    const { tensors, metadata } = readSafetensors(stateOf("run"), FILES.state);
    const bank = tensors.get("bank")!;
    assert.deepEqual(bank.shape, [PICTURES - HELD_OUT, 8]);
    const data = asFloat32(bank, "bank");
    for (let row = 0; row < PICTURES - HELD_OUT; row++) {
      assert.ok(Math.abs(Math.hypot(...data.subarray(row * 8, row * 8 + 8)) - 1) < 1e-5, `row ${row}`);
    }
    assert.equal(metadata["step"], "8");
    const moved = asFloat32(tensors.get("fc.bias.momentum")!, "momentum");
    assert.ok(
      moved.some((value) => value !== 0),
      "velocities are kept",
    );
  });

  it("gives the same bits for the same seed, however many threads prepare the pictures", async () => {
    const { code, stderr } = await trainWith([...TINY, "--data-workers", "2"], "again", "pictures");
    assert.equal(code, 0, stderr);
    assert.ok(stateOf("again").equals(stateOf("run")), "the same parameters, velocities and bank");
    const losses = (out: string) =>
      recordsOf(out).flatMap((record) => (record.kind === "step" ? record.loss : []));
    assert.deepEqual(losses("again"), losses("run"));
  });

  it("gives other bits for another seed, and prints its summary as JSON", async () => {
    const { code, stdout, stderr } = await train("seeded", "pictures", "--seed", "1", "--json");
    assert.equal(code, 0, stderr);
    assert.ok(!stateOf("seeded").equals(stateOf("run")));
    const summary = JSON.parse(stdout) as TrainSummary;
    assert.deepEqual(
      [summary.out, summary.epochs, summary.steps, summary.interrupted],
      ["seeded", 2, 8, false],
    );
    assert.equal(summary.loss, recordsOf("seeded").findLast((record) => record.kind === "epoch")!.loss);
  });

  it("never uses labels to learn: others for the same pictures give the same bits", async () => {
    writeIdx(join(folder(), "labelled"), 32, (row) => row % 4);
    writeIdx(join(folder(), "shuffled"), 32, (row) => (row * row + 1) % 3);
    const state = await trainedState("from-labelled", "labelled");
    assert.ok(state.equals(await trainedState("from-shuffled", "shuffled")));
    const level = (out: string) => recordsOf(out).filter((record) => record.kind === "level");
    assert.notDeepEqual(
      level("from-labelled"),
      level("from-shuffled"),
      "labels are read for the accuracy alone",
    );
  });

  it("trains what build-graph wrote", async () => {
    const built = await runCli(["build-graph", ...TINY, "--seed", "7", "--out", "graph"], { cwd: folder() });
    assert.equal(built.code, 0, built.stderr);
    const settings = ["--graph", "graph", "--data", "pictures", "--epochs", "1", "--data-workers", "1"];
    const { code, stderr } = await runCli(["train", ...settings, "--out", "from-graph"], { cwd: folder() });
    assert.equal(code, 0, stderr);
    const run = await readArtifact(join(folder(), "from-graph", RUN.exported));
    assert.equal(run.manifest.seed, 7);
    assert.ok(read("from-graph", join(RUN.exported, FILES.trainStep)).equals(read("graph", FILES.trainStep)));
    assert.ok(
      !read("from-graph", join(RUN.exported, FILES.encoder)).equals(read("graph", FILES.encoder)),
      "it has learned",
    );
  });

  it("replaces a run when told to", async () => {
    const state = await trainedState("seeded", "pictures", "--overwrite");
    assert.ok(state.equals(stateOf("run")));
    assert.equal(
      recordsOf("seeded").filter((record) => record.kind === "epoch").length,
      2,
      "metrics begin anew",
    );
  });

  it("ends after the step in hand when interrupted, and leaves a whole run", async () => {
    let sent = false;
    const { code, stdout, stderr } = await runCli(
      ["train", ...TINY_TRAINING, "--data", "pictures", "--epochs", "100000", "--out", "stopped"],
      {
        cwd: folder(),
        watch(text, child) {
          if (!sent && text.includes("epoch 2:")) sent = child.kill("SIGINT");
        },
      },
    );
    assert.equal(code, 130, stderr);
    assert.match(stderr, /^stopping after this step; press again to stop at once$/m);
    assert.doesNotMatch(stderr, /^ +at /m);
    assert.match(stdout, /^Stopped after \d+ steps; stopped holds what was learned so far\.$/m);
    const { files } = await readArtifact(join(folder(), "stopped", RUN.exported));
    const { metadata } = readSafetensors(files.get(FILES.state)!, FILES.state);
    const last = recordsOf("stopped").findLast((record) => record.kind === "step")!;
    assert.equal(metadata["step"], String(last.step), "the state is that of the last step");
  });
});
