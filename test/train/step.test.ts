/** @file The state of a run and the step that changes it, on the real runtime. */

import assert from "node:assert/strict";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { DEFAULT_RECIPE } from "../../src/build/recipe.js";
import { fromFloat32, type RawTensor } from "../../src/ir/rawTensor.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, type FloatTensor, type HostTensor, type Session } from "../../src/runtime/session.js";
import { initializeBank } from "../../src/build/initialize.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";
import { hostMemory } from "../../src/train/stepMemory.js";

const SHAPE = [4, 3, 8, 8];
const INSTANCES = 10;
const DIM = 8;
const { manifest, files } = buildArtifact({
  recipe: { ...DEFAULT_RECIPE, width: 2, imageSize: 8, batchSize: 4, embeddingDim: DIM },
  preprocessing: { imageSize: 8, resize: 8, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  seed: 0,
});
const initial = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
const newState = (tensors: ReadonlyMap<string, RawTensor> = initial) =>
  new TrainState({ ...manifest, files: {} }, tensors, "state.safetensors");
const ROLES = ["parameter", "statistic", "momentum"] as const;
const copy = (state: TrainState) =>
  new Map([...state.tensors(...ROLES)].map(([name, { data }]) => [name, Float32Array.from(data)]));

describe("TrainState", () => {
  it("starts from the given values, and velocities at 0", () => {
    const state = newState();
    const { bytes } = initial.get("fc.weight")!;
    assert.deepEqual([...state.raw("parameter").get("fc.weight")!.bytes], [...bytes]);
    assert.ok(
      [...state.tensors("momentum").values()].every(({ data }) => data.every((value) => value === 0)),
    );
    assert.equal(state.tensors("momentum").size, state.tensors("parameter").size);
  });

  it("goes on from velocities that are given", () => {
    const velocity = fromFloat32(new Float32Array(DIM).fill(0.5), [DIM]);
    const state = newState(new Map([...initial, ["fc.bias.momentum", velocity]]));
    assert.deepEqual([...state.tensors("momentum").get("fc.bias.momentum")!.data], new Array(DIM).fill(0.5));
  });

  it("reads one copy while the other is written, and swaps them", () => {
    const state = newState();
    const bind = () => {
      const [feeds, into] = [new Map<string, HostTensor>(), new Map<string, HostTensor>()];
      state.bind(feeds, into);
      return { read: feeds.get("fc.bias")!, written: into.get("fc.bias.next")! };
    };
    const first = bind();
    assert.notEqual(first.read, first.written);
    assert.equal(bind().read, first.read, "nothing is swapped before the step is over");
    state.advance();
    assert.deepEqual(bind(), { read: first.written, written: first.read });
    assert.equal(state.tensors("parameter").get("fc.bias"), first.written);
  });

  it("lists every tensor that is missing or of another shape", () => {
    const wrong = new Map(initial);
    wrong.delete("conv1.weight");
    wrong.set("fc.bias", fromFloat32(new Float32Array(3), [3]));
    assert.throws(() => newState(wrong), {
      name: "ArtifactError",
      message:
        "state.safetensors: conv1.weight is missing; fc.bias is [3], expected [8]; rebuild the folder with build-graph",
    });
  });

  it("names tensors that are not finite", () => {
    const state = newState();
    assert.deepEqual(state.notFinite(), []);
    state.tensors("parameter").get("fc.bias")!.data[2] = NaN;
    state.tensors("statistic").get("bn1.running_var")!.data[0] = Infinity;
    assert.deepEqual(state.notFinite().sort(), ["bn1.running_var", "fc.bias"]);
  });
});

describe("TrainStep", () => {
  const pixelValues = Float32Array.from({ length: 4 * 3 * 8 * 8 }, (_, at) => Math.sin(at));
  const batch = { pixelValues, rows: Int32Array.of(5, 2, 9, 0), step: 0 };
  let session: Session;
  let bank: FloatTensor;
  let state: TrainState;
  let step: TrainStep;

  before(async () => {
    session = await openSession(files.get(FILES.trainStep)!, FILES.trainStep, { ep: "cpu", threads: 1 });
  });
  after(() => session.close());
  beforeEach(() => {
    state = newState();
    bank = floats([INSTANCES, DIM], initializeBank(INSTANCES, DIM, 0));
    step = new TrainStep(hostMemory(state, bank, { trainStep: session, accumulateStep: null }), SHAPE);
  });

  const row = (at: number) => bank.data.slice(at * DIM, (at + 1) * DIM);

  it("changes every state tensor, and only the bank rows of its pictures", async () => {
    const [before, rows] = [copy(state), Array.from({ length: INSTANCES }, (_, at) => row(at))];
    const loss = await step.run(batch, 0.1, "step 1");
    assert.ok(loss > 0 && Number.isFinite(loss));
    for (const [name, data] of copy(state)) assert.notDeepEqual(data, before.get(name), name);
    const changed = rows.flatMap((old, at) =>
      old.every((value, axis) => value === row(at)[axis]) ? [] : at,
    );
    assert.deepEqual(changed, [0, 2, 5, 9]);
    for (const at of changed)
      assert.ok(Math.abs(Math.hypot(...row(at)) - 1) < 1e-5, `row ${at} has unit length`);
  });

  it("lowers the loss when it is repeated", async () => {
    const losses: number[] = [];
    for (let at = 0; at < 8; at++) losses.push(await step.run(batch, 0.01, `step ${at}`));
    assert.ok(losses.at(-1)! < losses[0]! - 0.1, losses.join(" "));
  });

  it("changes no weight at a rate of 0, but the bank", async () => {
    const before = copy(state);
    await step.run(batch, 0, "step 1");
    const after = copy(state);
    for (const name of state.tensors("parameter").keys())
      assert.deepEqual(after.get(name), before.get(name), name);
    assert.notDeepEqual(row(5), initializeBank(INSTANCES, DIM, 0).slice(5 * DIM, 6 * DIM));
  });

  it("refuses a loss that is no number, says what to do, and keeps state and bank", async () => {
    await assert.rejects(
      async () => {
        for (let at = 1; at <= 50; at++) await step.run(batch, 1e30, `step ${at}`);
      },
      (error: Error) => {
        assert.equal(error.name, "TrainingError");
        assert.match(
          error.message,
          /^step \d+: the loss is ((NaN|-?Infinity), expected a finite number|[\d.]+, but \S+\.next.* would not be finite);/,
        );
        assert.match(error.message, /the learning rate was 1\.00e\+30: lower it, or lengthen the warm-up$/);
        return true;
      },
    );
    assert.deepEqual(state.notFinite(), []);
    const [before, data] = [copy(state), Float32Array.from(bank.data)];
    await assert.rejects(step.run(batch, 1e38, "again"), { name: "TrainingError" });
    assert.deepEqual(copy(state), before);
    assert.deepEqual(bank.data, data);
  });

  it("names state that is not finite", async () => {
    state.tensors("parameter").get("fc.bias")!.data[0] = NaN;
    await assert.rejects(step.run(batch, 0.1, "step 7"), {
      name: "TrainingError",
      message:
        "step 7: the loss is NaN, expected a finite number; not finite: fc.bias; the learning rate was 0.100: " +
        "lower it, or lengthen the warm-up",
    });
  });
});
