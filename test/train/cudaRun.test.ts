/** @file What runs on CUDA have of their own, on a device that is none: pictures that lie there, precisions, measured ways. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseTunedGraphs } from "../../src/artifact/tuning.js";
import { decodeModel } from "../../src/codec/decode.js";
import { FILES } from "../../src/build/buildArtifact.js";
import type { Graph } from "../../src/ir/graph.js";
import { RUN } from "../../src/run/layout.js";
import type { Device } from "../../src/runtime/device.js";
import { providerOn } from "../../src/train/openProvider.js";
import type { CudaSettings, TrainEvent, TrainPlan } from "../../src/train/plan.js";
import { train } from "../../src/train/trainer.js";
import { suiteCache } from "../support/cacheFolder.js";
import { counting } from "../../tools/gpu/counting.js";
import { hostDevice } from "../support/hostDevice.js";
import { suiteFolder } from "../support/temporary.js";
import { TINY_NCE, tinyPlan } from "./tinyPlan.js";

const CUDA: CudaSettings = {
  ...{ deviceId: 0, tf32: false, precision: "fp32", captureGraph: false, memoryLimitGiB: null },
};

describe("a run on CUDA", () => {
  suiteCache();
  const folder = suiteFolder();
  const at = (...names: string[]) => join(folder(), ...names);

  interface Learned {
    readonly losses: readonly number[];
    readonly notes: readonly string[];
    readonly stages: ReadonlySet<string>;
  }

  async function run(
    out: string,
    cuda: Partial<CudaSettings> = {},
    changes: Partial<TrainPlan> = {},
    device: Device = hostDevice("cuda"),
  ): Promise<Learned> {
    const asked = { ep: "cuda", cuda: { ...CUDA, ...cuda }, ...changes } as const;
    const plan = await tinyPlan(at(out), asked, TINY_NCE);
    const provider = providerOn(device, plan, "A GPU");
    const learned = { losses: [] as number[], notes: [] as string[], stages: new Set<string>() };
    const emit = (event: TrainEvent) => {
      if (event.kind === "step") learned.losses.push(event.loss);
      if (event.kind === "note") learned.notes.push(event.text);
      if (event.kind === "stage") learned.stages.add(event.what);
    };
    try {
      await train(plan, provider, { emit, stopRequested: () => false }, []);
    } finally {
      await provider.close();
    }
    return learned;
  }

  const recordOf = (out: string) =>
    parseTunedGraphs(readFileSync(at(out, RUN.tuned, "tuning.json"), "utf8"), "tuning.json");

  function assertClose(found: readonly number[], expected: readonly number[], tolerance: number): void {
    assert.equal(found.length, expected.length);
    found.forEach((loss, step) =>
      assert.ok(Math.abs(loss / expected[step]! - 1) < tolerance, `step ${step}: ${loss}, ${expected[step]}`),
    );
  }

  it("learns from pictures that lie there, the same as from the host's; of a batch, some numbers cross", async () => {
    const crossed = { in: 0, out: 0 };
    const there = await run("there", {}, {}, counting(hostDevice("cuda"), crossed));
    assert.ok(there.stages.has("taking the pictures to the GPU"));
    assert.deepEqual(there.notes, []);
    const here = await run("here", {}, {}, hostDevice("cuda", 64 * 28 * 28 - 1));
    assert.deepEqual(here.notes, [
      "the host prepares the pictures, not the GPU: 1 MiB of pictures find no room: out of memory",
    ]);
    assertClose(there.losses, here.losses, 1e-4);
  });

  it("computes a step's convolutions in float16 when asked to, and keeps float32", async () => {
    const steps = { steps: 2 };
    const reference = await run("fp32", {}, steps);
    const half = await run("fp16", { precision: "fp16" }, steps);
    assertClose(half.losses, reference.losses, 0.02);
    assert.notDeepEqual(half.losses, reference.losses);
    assert.equal(recordOf("fp16").precision, "fp16");
    const graphOf = (name: string) => decodeModel(readFileSync(at("fp16", RUN.tuned, name)), name).graph;
    const types = ({ nodes }: Graph) =>
      new Set(nodes.filter(({ op }) => op === "Conv").map(({ inputs }) => inputs[0]!.dtype));
    const step = graphOf(FILES.trainStep);
    assert.deepEqual([[...types(step)], [...types(graphOf(FILES.encoder))]], [["float16"], ["float32"]]);
    assert.ok(step.outputs.every(({ value }) => value.dtype === "float32"));
  });

  it("measures its ways of computing there, and remembers them for this GPU", async () => {
    await run("tuned", { tf32: true }, { tune: "fast" });
    const { machine, mode, choices } = recordOf("tuned");
    assert.deepEqual([machine.processor, machine.provider, mode], ["A GPU with TF32", "cuda", "fast"]);
    assert.ok(Object.keys(choices).length > 5);
  });
});
