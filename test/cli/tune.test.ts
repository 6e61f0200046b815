/** @file Runs whose graphs are fitted to this machine: what they keep, and which bits they end in. */

import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseTunedGraphs, parseTuningCache, type TuningCacheFile } from "../../src/artifact/tuning.js";
import { FILES } from "../../src/build/buildArtifact.js";
import { RUN } from "../../src/run/layout.js";
import { findBlockSize } from "../../src/tune/blockSize.js";
import { writeSmallPictures } from "../support/smallPictures.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli, TINY_TRAINING, type RunOptions } from "./executable.js";

const ARGS = [
  ...["train", ...TINY_TRAINING, "--data", "pictures", "--arch", "resnet10", "--threads", "1"],
  ...["--epochs", "2", "--checkpoint-every", "3"],
];
const NCE = ["--objective", "nce", "--negatives", "8", "--accumulation", "2"];

describe("train --tune", function () {
  this.timeout(600_000);
  const folder = suiteFolder();
  const path = (...parts: readonly string[]) => join(folder(), ...parts);
  const read = (...parts: readonly string[]) => readFileSync(path(...parts));

  async function train(cache: string, args: readonly string[], watch?: RunOptions["watch"]): Promise<string> {
    const env = { INSTDISC_CACHE: path(cache) };
    const { code, stderr } = await runCli([...ARGS, ...args], {
      cwd: folder(),
      env,
      ...(watch ? { watch } : {}),
    });
    assert.equal(code, watch ? null : 0, stderr);
    return stderr;
  }

  const record = (out: string) =>
    parseTunedGraphs(read(out, RUN.tuned, "tuning.json").toString(), `${out}/tuning.json`);
  const cached = (cache: string): TuningCacheFile =>
    parseTuningCache(read(cache, "tuning.json").toString(), cache);

  /** The cache, with every question answered by a way that it did not take. */
  function contradict(cache: string): void {
    const { machines, ...rest } = cached(cache);
    const turned = Object.entries(machines).map(([machine, answers]) => [
      machine,
      Object.fromEntries(
        Object.entries(answers).map(([key, answer]) => [
          key,
          { ...answer, choice: answer.among.find((name) => name !== answer.choice)! },
        ]),
      ),
    ]);
    const text = JSON.stringify({ ...rest, machines: Object.fromEntries(turned) as unknown });
    writeFileSync(path(cache, "tuning.json"), text);
  }

  function assertSame(one: string, other: string): void {
    for (const file of [[RUN.metrics], [RUN.exported, FILES.state], [RUN.exported, FILES.encoder]])
      assert.ok(read(one, ...file).equals(read(other, ...file)), `${file.join("/")} of ${one} and ${other}`);
  }

  before(async () => {
    writeSmallPictures(path("pictures"), 120);
    await train("cache", ["--out", "alone"]);
  });

  it("off measures, remembers and keeps nothing", async () => {
    await train("no-cache", ["--out", "off", "--tune", "off"]);
    assert.equal(existsSync(path("no-cache")), false);
    assert.equal(existsSync(path("off", RUN.tuned)), false);
  });

  it("leaves the portable graphs as they are, byte for byte", () => {
    assert.deepEqual(readdirSync(path("alone", RUN.graph)), readdirSync(path("off", RUN.graph)));
    for (const name of readdirSync(path("alone", RUN.graph)))
      assert.ok(read("alone", RUN.graph, name).equals(read("off", RUN.graph, name)), name);
    for (const name of [FILES.trainStep, FILES.bankInit])
      assert.ok(read("alone", RUN.exported, name).equals(read("off", RUN.graph, name)), name);
  });

  it("fast keeps the graphs that the run computes with, and what they are fitted to", async () => {
    assert.deepEqual(readdirSync(path("alone", RUN.tuned)), [FILES.bankInit, FILES.trainStep, "tuning.json"]);
    const { machine, mode, choices, sessionOptions, files } = record("alone");
    assert.deepEqual(
      [machine.threads, machine.provider, machine.blockSize, mode],
      [1, "cpu", await findBlockSize(), "fast"],
    );
    assert.deepEqual(Object.keys(files), [FILES.trainStep, FILES.bankInit]);
    assert.equal(sessionOptions["session.intra_op.allow_spinning"], "0");
    const [answers] = Object.values(cached("cache").machines);
    assert.deepEqual(
      choices,
      Object.fromEntries(Object.keys(choices).map((key) => [key, answers![key]!.choice])),
    );
    assert.ok(Object.keys(choices).some((key) => key.startsWith("ConvWeightGradient ")));
  });

  it("gives two runs with one cache the same bits", async () => {
    const before = read("cache", "tuning.json");
    await train("cache", ["--out", "again"]);
    assertSame("again", "alone");
    assert.ok(read("cache", "tuning.json").equals(before));
  });

  it("runs what the cache says", async () => {
    cpSync(path("cache"), path("contrary"), { recursive: true });
    contradict("contrary");
    await train("contrary", ["--out", "turned"]);
    const [before, now] = [record("alone").choices, record("turned").choices];
    assert.ok(Object.entries(now).every(([key, choice]) => choice !== before[key]));
    assert.ok(!read("turned", RUN.tuned, FILES.trainStep).equals(read("alone", RUN.tuned, FILES.trainStep)));
    assert.ok(!read("turned", RUN.metrics).equals(read("alone", RUN.metrics)), "sums in another order");
  });

  it("goes on with the graphs that the run began with after SIGKILL, whatever the cache says by then", async () => {
    cpSync(path("cache"), path("changing"), { recursive: true });
    await train("changing", ["--out", "killed"], (stderr, child) => {
      if (/^epoch 1:/m.test(stderr)) child.kill("SIGKILL");
    });
    contradict("changing");
    const stderr = await train("changing", ["--out", "killed", "--resume", "killed"]);
    assert.match(stderr, /^goes on after step [1-9]/m);
    assert.doesNotMatch(stderr, /anew/);
    assertSame("killed", "alone");
  });

  it("fits them anew on another machine or where they are damaged, and says so", async () => {
    const interrupted = async (out: string, change: () => void) => {
      await train("cache", ["--out", out], (stderr, child) => {
        if (/^epoch 1:/m.test(stderr)) child.kill("SIGKILL");
      });
      change();
      return train("cache", ["--out", out, "--resume", out]);
    };
    const moved = await interrupted("moved", () => {
      const { machine, ...rest } = record("moved");
      const before = { ...rest, machine: { ...machine, processor: "Another", onnxruntime: "1.2.3" } };
      writeFileSync(path("moved", RUN.tuned, "tuning.json"), JSON.stringify(before));
    });
    assert.match(
      moved,
      /^fits the graphs to this machine anew, processor is .+, was Another; onnxruntime is [\d.]+, was 1\.2\.3: results may differ in their last digits$/m,
    );
    assert.deepEqual(record("moved").machine, record("alone").machine);
    const damaged = await interrupted("damaged", () => {
      const file = path("damaged", RUN.tuned, FILES.trainStep);
      writeFileSync(file, readFileSync(file).subarray(1));
    });
    assert.match(damaged, /^fits the graphs to this machine anew, those of the run are gone or damaged: /m);
    assertSame("damaged", "alone");
  });

  it("goes on untuned with a run from before there was tuning", async () => {
    await train("old-cache", ["--out", "old", "--tune", "off"], (stderr, child) => {
      if (/^epoch 1:/m.test(stderr)) child.kill("SIGKILL");
    });
    const { tune, ...settings } = JSON.parse(read("old", RUN.config).toString()) as { readonly tune: string };
    assert.equal(tune, "off");
    writeFileSync(path("old", RUN.config), JSON.stringify(settings));
    await train("old-cache", ["--out", "old", "--resume", "old"]);
    assert.equal(existsSync(path("old", RUN.tuned)), false);
    assertSame("old", "off");
  });

  it("full asks every question with care, for the graphs of every kind of batch, and the form of the noise", async () => {
    await train("full-cache", [...NCE, "--out", "full", "--tune", "full"]);
    assert.deepEqual(Object.keys(record("full").files), [
      FILES.trainStep,
      FILES.accumulateStep,
      FILES.bankInit,
      FILES.normalizer,
    ]);
    const [answers] = Object.values(cached("full-cache").machines);
    assert.ok(Object.values(answers!).every(({ mode, ms }) => mode === "full" && Object.keys(ms).length > 1));
    assert.ok(Object.keys(answers!).some((key) => key.startsWith("noise form of ")));
    await train("full-cache", [...NCE, "--out", "full-again", "--tune", "full"]);
    assertSame("full-again", "full");
  });

  it("fits the graphs of a folder from build-graph, too", async () => {
    cpSync(path("alone", RUN.graph), path("given"), { recursive: true });
    const args = ["train", "--data", "pictures", "--data-workers", "1", "--threads", "1", "--epochs", "2"];
    const options = { cwd: folder(), env: { INSTDISC_CACHE: path("cache") } };
    const { code, stderr } = await runCli([...args, "--graph", "given", "--out", "from-folder"], options);
    assert.equal(code, 0, stderr);
    assert.deepEqual(record("from-folder").choices, record("alone").choices);
    assertSame("from-folder", "alone");
    const manifest = path("given", "manifest.json");
    const other = read("given", "manifest.json")
      .toString()
      .replace('"bankMomentum": 0.5', '"bankMomentum": 0.25');
    writeFileSync(manifest, other);
    const untuned = await runCli([...args, "--graph", "given", "--out", "from-other"], options);
    assert.equal(untuned.code, 0, untuned.stderr);
    assert.match(
      untuned.stderr,
      /^runs its graphs untuned: this version of onnx-instdisc would build others from their recipe$/m,
    );
    assert.equal(existsSync(path("from-other", RUN.tuned)), false);
  });
});
