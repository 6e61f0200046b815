/** @file A run in this process: what it writes when, how it stops, and what it goes on from. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { readArtifact } from "../../src/artifact/node.js";
import { FILES } from "../../src/build/buildArtifact.js";
import { checkpointFile, readCheckpoint } from "../../src/run/checkpoint.js";
import type { Environment } from "../../src/run/environment.js";
import { RUN } from "../../src/run/layout.js";
import type { MetricRecord, TimingRecord } from "../../src/run/records.js";
import { findCheckpoint, savedSteps } from "../../src/run/resume.js";
import { openProvider } from "../../src/train/openProvider.js";
import type { TrainEvent, TrainPlan, TrainSummary } from "../../src/train/plan.js";
import { train } from "../../src/train/trainer.js";
import { suiteFolder } from "../support/temporary.js";
import { threadsAlive } from "../support/threads.js";
import { STEPS_PER_EPOCH, tinyPlan } from "./tinyPlan.js";

describe("train", () => {
  const folder = suiteFolder();
  const at = (...names: string[]) => join(folder(), ...names);
  const records = (out: string) => linesOf<MetricRecord>(at(out, RUN.metrics));
  const kinds = (out: string, ...wanted: MetricRecord["kind"][]) =>
    records(out).filter(({ kind }) => wanted.includes(kind));

  /** Runs until its end, or until an event for which `stopAt` holds. */
  async function run(
    out: string,
    changes: Partial<TrainPlan> = {},
    stopAt: (event: TrainEvent) => boolean = () => false,
  ): Promise<{ summary: TrainSummary; events: TrainEvent[] }> {
    const events: TrainEvent[] = [];
    let stop = false;
    const plan = await tinyPlan(at(out), changes);
    const summary = await train(
      plan,
      await openProvider(plan),
      {
        emit(event) {
          events.push(event);
          stop ||= stopAt(event);
        },
        stopRequested: () => stop,
      },
      ["train", "--out", out],
    );
    return { summary, events };
  }

  const goOn = async (out: string, changes: Partial<TrainPlan> = {}) =>
    run(out, { ...changes, resume: (await findCheckpoint(at(out)))!.file });

  function assertSame(out: string, reference: string): void {
    for (const file of [RUN.metrics, join(RUN.exported, FILES.state)])
      assert.ok(readFileSync(at(out, file)).equals(readFileSync(at(reference, file))), `${file} of ${out}`);
  }

  let threadsBefore: number;
  before(async () => {
    threadsBefore = await threadsAlive();
    await run("alone");
  });

  it("records steps, epochs, evaluations and levels in their order, without a clock", () => {
    const order = records("alone").map((record) =>
      "step" in record ? `${record.kind} ${record.step}` : record.kind,
    );
    const epoch = (last: number) => [
      ...[3, 2, 1, 0].map((back) => `step ${last - back}`),
      `epoch ${last}`,
      `evaluation ${last}`,
    ];
    assert.deepEqual(order, ["level", "level", "level", ...epoch(4), ...epoch(8), "level"]);
    assert.doesNotMatch(readFileSync(at("alone", RUN.metrics), "utf8"), /second|time/i);
  });

  it("writes the graph it began with, and the artifact it ended with", async () => {
    const [graph, exported] = [
      await readArtifact(at("alone", RUN.graph)),
      await readArtifact(at("alone", RUN.exported)),
    ];
    assert.deepEqual(graph.manifest.tensors, exported.manifest.tensors);
    assert.deepEqual(graph.files.get(FILES.trainStep), exported.files.get(FILES.trainStep));
    assert.notDeepEqual(graph.files.get(FILES.encoder), exported.files.get(FILES.encoder));
  });

  it("says with what it was computed, how fast, and what happened", () => {
    const environment = JSON.parse(readFileSync(at("alone", RUN.environment), "utf8")) as Environment;
    assert.equal(environment.node, process.versions.node);
    assert.match(environment.onnxruntime, /^\d+\.\d+/);
    assert.deepEqual([environment.threads, environment.command], [1, ["train", "--out", "alone"]]);
    const timings = linesOf<TimingRecord>(at("alone", RUN.timings));
    assert.deepEqual(
      timings.map(({ step }) => step),
      [4, 8],
    );
    for (const { waiting, picturesPerSecond } of timings)
      assert.ok(waiting >= 0 && waiting <= 1 && picturesPerSecond > 0, `${waiting}, ${picturesPerSecond}`);
    const log = readFileSync(at("alone", RUN.log), "utf8");
    assert.match(log, /Z begins: .*, 64 pictures, seed 0$/m);
    assert.match(log, /Z epoch 2, step 8: loss \d+\.\d{4}$/m);
    assert.match(log, /Z ends after step 8$/m);
  });

  it("keeps the newest checkpoints, and the best", async () => {
    await run("kept", { epochs: 4, checkpointEvery: 3, keep: 1 });
    const { progress } = await readCheckpoint(checkpointFile(at("kept"), 16));
    const evaluations = kinds("kept", "evaluation").map(
      (record) => record as Extract<MetricRecord, { kind: "evaluation" }>,
    );
    const best = evaluations.reduce((one, other) => (other.knn[0]!.top1 > one.knn[0]!.top1 ? other : one));
    assert.deepEqual(progress.best, { step: best.step, top1: best.knn[0]!.top1 });
    assert.deepEqual(await savedSteps(at("kept")), [...new Set([best.step, 16])]);
  });

  it("evaluates every so many epochs, and at the end", async () => {
    await run("rarely", { epochs: 3, evaluateEvery: 2 });
    assert.deepEqual(
      kinds("rarely", "evaluation").map((record) => "step" in record && record.step),
      [8, 12],
    );
  });

  it("takes so many steps as are asked for, also in the middle of an epoch", async () => {
    const { summary } = await run("steps", { steps: 6, epochs: 100 });
    assert.deepEqual([summary.steps, summary.epochs, summary.interrupted], [6, 1, false]);
    assert.deepEqual(
      kinds("steps", "epoch", "evaluation").map(
        (record) => "step" in record && `${record.kind} ${record.step}`,
      ),
      ["epoch 4", "evaluation 4", "evaluation 6"],
    );
  });

  for (const what of ["measuring the untrained network", "filling the bank"]) {
    it(`stops in the middle of ${what}, with nothing to save`, async () => {
      const out = what.split(" ")[0]!;
      const { summary } = await run(
        out,
        {},
        (event) => event.kind === "stage" && event.what.startsWith(what),
      );
      assert.deepEqual([summary.steps, summary.interrupted], [0, true]);
      assert.equal(await findCheckpoint(at(out)), null);
    });
  }

  for (const [when, stops] of [
    ["in the middle of an epoch", (event) => event.kind === "step" && event.step === 2],
    [
      "after an epoch's last step, before it is measured",
      (event) => event.kind === "step" && event.step === STEPS_PER_EPOCH,
    ],
    ["while an epoch is measured", (event) => event.kind === "stage" && event.what === "measuring"],
    ["at an epoch's end", (event) => event.kind === "epoch"],
    [
      "while what was learned is measured",
      (event) => event.kind === "stage" && event.what.startsWith("measuring what"),
    ],
  ] as readonly (readonly [string, (event: TrainEvent) => boolean])[]) {
    it(`stops ${when}, and goes on to the same bytes`, async () => {
      const out = when.replaceAll(/\W+/g, "-");
      const { summary } = await run(out, {}, stops);
      assert.equal(summary.interrupted, true);
      const { step } = (await findCheckpoint(at(out)))!;
      assert.equal(step, summary.steps, "the state of the last step is saved");
      const { events } = await goOn(out);
      const first = events.find((event) => event.kind === "step");
      assert.equal(first?.step, step < 8 ? step + 1 : undefined, "no step is taken twice");
      assertSame(out, "alone");
    });
  }

  it("goes on from an older checkpoint as if the newer ones had never been", async () => {
    await run("older", { checkpointEvery: 3, keep: 9 });
    const file = checkpointFile(at("older"), 3);
    await run(
      "older",
      { checkpointEvery: 3, keep: 9, resume: file },
      (event) => event.kind === "step" && event.step === 4,
    );
    assert.deepEqual(await savedSteps(at("older")), [0, 3, 4]);
    assert.equal(kinds("older", "step").length, 4);
    await goOn("older");
    assertSame("older", "alone");
  });

  it("goes on with a run that was over, when it is given more epochs", async () => {
    await run("longer");
    const { summary } = await goOn("longer", { epochs: 3 });
    assert.deepEqual([summary.epochs, summary.steps], [3, 12]);
    assert.deepEqual(
      kinds("longer", "epoch").map((record) => "step" in record && record.step),
      [4, 8, 12],
    );
  });

  it("notes that another number of threads changes last bits", async () => {
    await run("threads", {}, (event) => event.kind === "epoch");
    const { events } = await goOn("threads", { threads: 2 });
    const notes = events.flatMap((event) => (event.kind === "note" ? event.text : []));
    assert.deepEqual(notes, [
      "goes on after step 4, from step-000000004.safetensors",
      "runs with 2 threads, ran with 1 before: results differ in their last bits",
    ]);
  });

  it("refuses other pictures, another seed, another graph, and another folder", async () => {
    const plan = await tinyPlan(at("alone"));
    const other = await tinyPlan(at("alone"), {}, { bankMomentum: 0.25 });
    const cases: readonly (readonly [Partial<TrainPlan>, string, RegExp])[] = [
      [
        { train: { ...plan.train, rowCount: 63 } },
        "DataError",
        /: has 63 pictures, sha256 \w+, \S+ learned from 64 pictures, sha256 \w+; each row of the bank belongs to one picture: /,
      ],
      [{ seed: 1 }, "UsageError", /^seed: is 1, \S+step-000000008\.safetensors has 0; leave --seed out$/],
      [
        { manifest: other.manifest, files: other.files },
        "UsageError",
        /graph: .*train_step\.onnx.* differ from what is asked for \(bankMomentum is 0\.25, was 0\.5\), expected the same to go on; /,
      ],
      [
        { out: at("elsewhere") },
        "UsageError",
        /: belongs to the run in \S+alone, expected one in \S+elsewhere; /,
      ],
    ];
    const before = readFileSync(at("alone", RUN.metrics));
    for (const [changes, name, message] of cases) {
      const resume = checkpointFile(at("alone"), 8);
      await assert.rejects(run("alone", { resume, ...changes }), { name, message });
    }
    assert.ok(
      readFileSync(at("alone", RUN.metrics)).equals(before),
      "nothing is changed before all is checked",
    );
    assert.ok(!existsSync(at("elsewhere")));
  });

  it("refuses to go on without its metrics", async () => {
    await run("lost", {}, (event) => event.kind === "epoch");
    truncateSync(at("lost", RUN.metrics), 10);
    await assert.rejects(goOn("lost"), {
      name: "ArtifactError",
      message: /metrics\.jsonl: has 10 bytes, the checkpoint expects at least \d+; /,
    });
    rmSync(at("lost"), { recursive: true });
  });

  it("leaves no thread behind, not of runs that end, are stopped, or fail", async () => {
    await assert.rejects(run("failed", { schedule: { base: 1e30, warmupSteps: 0, decay: "cosine" } }));
    assert.equal(await threadsAlive(), threadsBefore);
  });

  it("leaves no file half written", () => {
    for (const out of readdirSync(folder())) {
      const left = readdirSync(at(out), { recursive: true }).filter((name) => String(name).endsWith(".tmp"));
      assert.deepEqual(left, [], out);
    }
  });
});

function linesOf<T>(path: string): T[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}
