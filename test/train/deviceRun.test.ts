/** @file Whole runs on a device, in this process and in one that is killed. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseTunedGraphs } from "../../src/artifact/tuning.js";
import { FILES } from "../../src/build/buildArtifact.js";
import { ProviderError } from "../../src/errors.js";
import { checkpointFile, readCheckpoint } from "../../src/run/checkpoint.js";
import type { Environment } from "../../src/run/environment.js";
import { RUN } from "../../src/run/layout.js";
import { findCheckpoint, savedSteps } from "../../src/run/resume.js";
import type { Device } from "../../src/runtime/device.js";
import { openProvider } from "../../src/train/openProvider.js";
import type { TrainEvent, TrainPlan, TrainSummary } from "../../src/train/plan.js";
import { train } from "../../src/train/trainer.js";
import { hostDevice, likeCpu } from "../support/hostDevice.js";
import { suiteFolder } from "../support/temporary.js";
import { ON_DEVICE, TINY_NCE, tinyPlan } from "./tinyPlan.js";

const SCRIPT = join(import.meta.dirname, "../support/trainOnDevice.js");

describe("a run on a device", () => {
  const folder = suiteFolder();
  const at = (...names: string[]) => join(folder(), ...names);

  interface Asked {
    readonly changes?: Partial<TrainPlan>;
    readonly stopAt?: (event: TrainEvent) => boolean;
    readonly stop?: () => boolean;
    readonly device?: Device;
  }

  /** On a device, unless the changes say otherwise; goes on where there is something to go on from. */
  async function run(
    out: string,
    { changes = {}, stopAt = () => false, stop = () => false, device = hostDevice("webgpu") }: Asked = {},
  ): Promise<{ readonly summary: TrainSummary; readonly notes: readonly string[] }> {
    const found = existsSync(at(out)) ? await findCheckpoint(at(out)) : null;
    const resume = found?.file ?? null;
    const plan = await tinyPlan(at(out), { ...ON_DEVICE, resume, ...changes }, TINY_NCE);
    const provider = plan.ep === "cpu" ? await openProvider(plan) : likeCpu(device, plan);
    const notes: string[] = [];
    let isTime = false;
    const emit = (event: TrainEvent) => {
      if (event.kind === "note") notes.push(event.text);
      isTime ||= stopAt(event);
    };
    try {
      return {
        summary: await train(plan, provider, { emit, stopRequested: () => isTime || stop() }, []),
        notes,
      };
    } finally {
      await provider.close();
    }
  }

  function assertSame(out: string, reference: string): void {
    const last = join(RUN.exported, FILES.state);
    for (const file of [RUN.metrics, last])
      assert.ok(readFileSync(at(out, file)).equals(readFileSync(at(reference, file))), `${file} of ${out}`);
  }

  const afterStep = (step: number) => (event: TrainEvent) => event.kind === "step" && event.step === step;

  /** Models, by name. */
  const opened = new Set<string>();

  before(async () => {
    const device = hostDevice("webgpu");
    const { openSession } = device;
    device.openSession = (model, where) => {
      opened.add(where);
      return openSession.call(device, model, where);
    };
    await run("alone", { device });
  });

  it("learns what a run on the CPU learns, to the bit where the kernels are the same", async () => {
    await run("cpu", { changes: { ep: "cpu" } });
    assertSame("alone", "cpu");
  });

  it("keeps the graphs that it computes with, the encoder among them, and says what computed", () => {
    const text = readFileSync(at("alone", RUN.tuned, "tuning.json"), "utf8");
    const { machine, mode, files, choices } = parseTunedGraphs(text, "tuning.json");
    assert.deepEqual([machine.provider, machine.blockSize, mode, choices], ["webgpu", null, "off", {}]);
    const names = [FILES.trainStep, FILES.accumulateStep, FILES.bankInit, FILES.normalizer, FILES.encoder];
    assert.deepEqual(Object.keys(files).sort(), names.sort());
    const environment = JSON.parse(readFileSync(at("alone", RUN.environment), "utf8")) as Environment;
    assert.equal(environment.ep, "webgpu");
  });

  it("computes everything there: bank, Z, steps, embeddings and neighbours", () => {
    assert.deepEqual([...opened].sort(), [
      ...["accumulateStep", "bank_init.onnx", "bank_write", "encoder.onnx", "finite_check", "kNN"],
      ...["normalizer.onnx", "trainStep"],
    ]);
  });

  it("that is to stop in the middle of a step finishes it, and goes on to the same bytes", async () => {
    const device = hostDevice("webgpu");
    const { openSession } = device;
    let accumulated = 0;
    device.openSession = async (model, where) => {
      const session = await openSession.call(device, model, where);
      const run: typeof session.run = (feeds, into) => {
        if (where === "accumulateStep") accumulated++;
        return session.run(feeds, into);
      };
      return { ...session, run };
    };
    const { summary } = await run("stopped", { device, stop: () => accumulated === 3 });
    assert.deepEqual([summary.interrupted, summary.steps], [true, 3]);
    await run("stopped");
    assertSame("stopped", "alone");
  });

  it("that is killed goes on to the same bytes", async () => {
    const start = (...args: string[]) => spawnSync(process.execPath, [SCRIPT, at("killed"), ...args]);
    const { signal, stderr } = start("3");
    assert.equal(signal, "SIGKILL", String(stderr));
    assert.deepEqual(await savedSteps(at("killed")), [0, 2]);
    const { status, stderr: words } = start();
    assert.equal(status, 0, String(words));
    assertSame("killed", "alone");
  });

  it("goes on from the checkpoint of another provider, and says so", async () => {
    await run("turns", { changes: { ep: "cpu" }, stopAt: afterStep(1) });
    for (const [ep, before, steps] of [
      ["webgpu", "cpu", 3],
      ["cpu", "webgpu", 4],
    ] as const) {
      const { notes } = await run("turns", { changes: { ep }, stopAt: afterStep(steps) });
      const note = `runs on ${ep}, ran on ${before} before: results may differ in their last digits`;
      assert.ok(notes.includes(note), notes.join("\n"));
      const { progress } = await readCheckpoint(checkpointFile(at("turns"), steps));
      assert.equal(progress.ep, ep);
    }
    await run("turns", { changes: { ep: "cpu" } });
    assertSame("turns", "alone");
  });

  it("whose device is gone says what to do, and goes on from its last checkpoint", async () => {
    const device = hostDevice("webgpu");
    const { openSession } = device;
    let runs = 0;
    device.openSession = async (model, where) => {
      const session = await openSession.call(device, model, where);
      const isStep = where === "trainStep";
      const fail = () => {
        throw new ProviderError(`${where}: the device is lost`);
      };
      return {
        ...session,
        run: (feeds, into) => (isStep && ++runs > 3 ? fail() : session.run(feeds, into)),
        close: () => (isStep ? Promise.reject(new Error("no device")) : session.close()),
      };
    };
    await assert.rejects(run("lost", { device }), {
      name: "ProviderError",
      message:
        `trainStep: the device is lost; the last checkpoint is whole: go on with train --resume ${at("lost")}, ` +
        "on webgpu once it works again, or with --ep cpu",
    });
    assert.equal((await findCheckpoint(at("lost")))!.step, 2);
    await run("lost");
    assertSame("lost", "alone");
  });

  it("refuses graphs of another version, which cannot be fitted to it", async () => {
    const plan = await tinyPlan(at("old-run"), ON_DEVICE, TINY_NCE);
    const { sources: _, ...read } = plan;
    const files = new Map(plan.files);
    files.set(FILES.bankInit, files.get(FILES.encoder)!);
    const hooks = { emit: () => undefined, stopRequested: () => false };
    const provider = likeCpu(hostDevice("webgpu"), plan);
    await assert.rejects(train({ ...read, files }, provider, hooks, []), {
      name: "ArtifactError",
      message:
        /old-run: its graphs are not those that this version .* fit them to webgpu; build the folder anew/,
    });
    await provider.close();
  });
});
