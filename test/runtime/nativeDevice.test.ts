/** @file A native device on the CPU: what it computes, what it refuses, and what it leaves behind. */

import assert from "node:assert/strict";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { initializeBank } from "../../src/build/initialize.js";
import { DEFAULT_RECIPE } from "../../src/build/recipe.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { openRuntime } from "../../src/native/onnxruntime/env.js";
import { liveHandles } from "../../src/native/onnxruntime/handle.js";
import type { AnyTensor, Device, DeviceTensor } from "../../src/runtime/device.js";
import { NativeDevice } from "../../src/runtime/native/device.js";
import { hostMemory as arrays } from "../../src/runtime/native/memory.js";
import { openNativeDevice, openNativeSession } from "../../src/runtime/nativeDevice.js";
import { openSession } from "../../src/runtime/node.js";
import {
  floats,
  int64s,
  type FloatTensor,
  type HostTensor,
  type Session,
} from "../../src/runtime/session.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";
import { hostMemory } from "../../src/train/stepMemory.js";
import { powers, scaled, scattered } from "../support/nativeModels.js";

const CPU = { ep: "cpu", threads: 1 } as const;
const MIB = 2 ** 20;

/** As on CUDA, arrays of the host are copied from and to tensors of the device. */
async function openStagedDevice(): Promise<Device> {
  const runtime = await openRuntime();
  return new NativeDevice(runtime, arrays(runtime, false), CPU);
}
const WAYS = [
  ["where they lie", () => openNativeDevice(CPU)],
  ["by way of the device", openStagedDevice],
] as const;

const tensors = (entries: Readonly<Record<string, AnyTensor>>) => new Map(Object.entries(entries));
const vector = (...numbers: number[]): FloatTensor => floats([1, numbers.length], Float32Array.from(numbers));
const scalar = (value: number): FloatTensor => floats([], Float32Array.of(value));

async function uploaded(device: Device, host: HostTensor): Promise<DeviceTensor> {
  const tensor = await device.allocate(host.dtype, host.shape);
  await device.upload(host, tensor);
  return tensor;
}

async function downloaded(device: Device, tensor: DeviceTensor): Promise<number[]> {
  const host = floats(tensor.shape);
  await device.download(tensor, host);
  return [...host.data];
}

describe("training steps through the C API", () => {
  const shape = [4, 3, 8, 8];
  const { manifest, files } = buildArtifact({
    recipe: { ...DEFAULT_RECIPE, width: 2, imageSize: 8, batchSize: 4, embeddingDim: 8 },
    preprocessing: { imageSize: 8, resize: 8, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    seed: 0,
  });
  const model = files.get(FILES.trainStep)!;

  /** Losses of five steps, and all that they leave. */
  async function train(session: Session): Promise<readonly number[]> {
    const initial = readSafetensors(files.get(FILES.state)!, FILES.state).tensors;
    const state = new TrainState({ ...manifest, files: {} }, initial, FILES.state);
    const bank = floats([10, 8], initializeBank(10, 8, 0));
    const steps = hostMemory(state, bank, { trainStep: session, accumulateStep: null });
    const step = new TrainStep(steps, shape);
    const losses: number[] = [];
    for (let at = 0; at < 5; at++) {
      const pixelValues = Float32Array.from({ length: 4 * 3 * 8 * 8 }, (_, pixel) => Math.sin(pixel + at));
      losses.push(await step.run({ pixelValues, rows: Int32Array.of(5, 2, 9, 0), step: at }, 0.1, "step"));
    }
    await steps.close();
    const kept = state.tensors("parameter", "momentum", "statistic").values();
    return [...losses, ...[...kept].flatMap(({ data }) => [...data]), ...bank.data];
  }

  it("are those of the stock binding, to the bit", async () => {
    const stock = await train(await openSession(model, FILES.trainStep, CPU));
    const before = liveHandles();
    assert.deepEqual(await train(await openNativeSession(model, FILES.trainStep, CPU)), stock);
    assert.equal(liveHandles(), before);
    const device = await openStagedDevice();
    assert.deepEqual(await train(await device.openSession(model, FILES.trainStep)), stock);
    await device.close();
  });
});

for (const [how, open] of WAYS) {
  describe(`a native device that takes arrays ${how}`, () => {
    let device: Device;
    let handlesBefore: number;
    before(async () => {
      await openRuntime();
      handlesBefore = liveHandles();
      device = await open();
    });
    after(async () => {
      await device.close();
      await device.close();
      assert.equal(liveHandles(), handlesBefore, "handles are left");
    });

    it("copies there and back what it is given", async () => {
      const rows = int64s([2]);
      rows.data.set([3n, -(2n ** 40n)]);
      const tensor = await uploaded(device, rows);
      const back = int64s([2]);
      await device.download(tensor, back);
      assert.deepEqual(back, rows);
      const none = await uploaded(device, floats([0, 2]));
      assert.deepEqual(await downloaded(device, none), []);
      device.release(none);
      device.release(tensor);
    });

    it("takes tensors of host and device in any mixture", async () => {
      const session = await device.openSession(scaled(), "scaled");
      assert.deepEqual([session.ep, session.inputs, session.outputs], ["cpu", ["x", "factor"], ["y"]]);
      const [x, there, y] = [vector(1, 2), await uploaded(device, vector(1, 2)), vector(0, 0)];
      const place = await device.allocate("float32", [1, 2]);
      for (const [fed, into] of [
        [x, y],
        [there, y],
        [x, place],
        [there, place],
      ] as const) {
        y.data.fill(0);
        await device.upload(vector(0, 0), place);
        await session.run(tensors({ x: fed, factor: scalar(3) }), tensors({ y: into }));
        assert.deepEqual(into === y ? [...y.data] : await downloaded(device, place), [3, 6]);
      }
      await session.run(tensors({ x, factor: scalar(3) }), new Map());
      await session.close();
    });

    it("sees what its arrays hold at the time, and other batches in between", async () => {
      const session = await device.openSession(scaled(), "scaled");
      const [x, y] = [vector(1, 2), vector(0, 0)];
      for (let round = 1; round <= 8; round++) {
        x.data[0] = round;
        await session.run(tensors({ x, factor: scalar(2) }), tensors({ y }));
        assert.deepEqual([...y.data], [2 * round, 4]);
        const [long, place] = [floats([round, 2]), floats([round, 2])];
        await session.run(
          tensors({ x: long.data.fill(1) && long, factor: scalar(5) }),
          tensors({ y: place }),
        );
        assert.ok(place.data.every((value) => value === 5));
      }
      await session.close();
    });

    it("goes to and fro between two tensors", async () => {
      const session = await device.openSession(scaled(), "scaled");
      const [a, b] = [await uploaded(device, vector(1, -1)), await device.allocate("float32", [1, 2])];
      const factor = scalar(2);
      for (let round = 0; round < 5; round++) {
        await session.run(tensors({ x: a, factor }), tensors({ y: b }));
        await session.run(tensors({ x: b, factor }), tensors({ y: a }));
      }
      assert.deepEqual(await downloaded(device, a), [1024, -1024]);
      assert.deepEqual(await downloaded(device, b), [512, -512]);
      await session.close();
    });

    it("scatters rows in place: fed and fetched as one tensor", async () => {
      const session = await device.openSession(scattered([4, 2, 2]), "scattered");
      const bank = await uploaded(device, floats([4, 2], Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7)));
      const rows = int64s([2, 1]);
      rows.data.set([3n, 1n]);
      const updates = floats([2, 2], Float32Array.of(-1, -2, -3, -4));
      await session.run(tensors({ bank, rows, updates }), tensors({ y: bank }));
      assert.deepEqual(await downloaded(device, bank), [0, 1, -3, -4, 4, 5, -1, -2]);
      await session.close();
    });

    it("runs what is asked for at once one after the other", async () => {
      const session = await device.openSession(scaled(), "scaled");
      const runs = Array.from({ length: 20 }, (_, at) => ({ x: vector(at, 1), y: vector(0, 0) }));
      await Promise.all(
        runs.map(({ x, y }) => session.run(tensors({ x, factor: scalar(3) }), tensors({ y }))),
      );
      assert.deepEqual(
        runs.map(({ y }) => y.data[0]),
        runs.map((_, at) => 3 * at),
      );
      await session.close();
    });

    it("leaves the thread free while it computes", async () => {
      const session = await device.openSession(powers(256, 200), "powers");
      let [turns, over] = [0, false];
      const run = session.run(tensors({ x: floats([256, 256]) }), new Map()).finally(() => (over = true));
      while (!over) {
        await new Promise((resolve) => setImmediate(resolve));
        turns++;
      }
      await run;
      assert.ok(turns > 100, `${turns} turns of the event loop during a run`);
      await session.close();
    });

    it("refuses by name what does not fit", async () => {
      const session = await device.openSession(scaled(), "scaled");
      const given = { x: vector(1, 2), factor: scalar(1) };
      const refuses = (feeds: Readonly<Record<string, AnyTensor>>, into: AnyTensor, message: RegExp) =>
        assert.rejects(session.run(tensors(feeds), tensors({ y: into })), { name: "ProviderError", message });
      const y = vector(0, 0);
      await refuses({ ...given, x: vector(1, 2, 3) }, y, /^scaled: .*x .*Got: 3 Expected: 2/s);
      await refuses({ ...given, factor: int64s([]) }, y, /^scaled: .*data type.*int64.*float/s);
      await refuses(given, vector(0, 0, 0), /^scaled: ONNX Runtime stopped: .*y/s);
      await refuses(given, int64s([1, 2]), /^scaled: ONNX Runtime stopped: .*int64/s);
      await refuses({ x: y }, y, /^scaled: inputs missing: factor; outputs unknown: none$/);
      await assert.rejects(session.run(tensors(given), tensors({ z: y })), /outputs unknown: z$/);
      await refuses({ ...given, x: { ...y, shape: [2, 2] } }, y, /x: its array has 8 bytes, .* has 16/);
      await refuses({ ...given, x: { ...y, handle: 1 } }, y, /x is a tensor that was released or/);
      // After all that, it computes.
      await session.run(tensors(given), tensors({ y }));
      assert.deepEqual([...y.data], [1, 2]);
      await session.close();
    });

    it("refuses an array that another thread was handed", async () => {
      const session = await device.openSession(scaled(), "scaled");
      const [x, y] = [vector(1, 2), vector(0, 0)];
      await session.run(tensors({ x, factor: scalar(1) }), tensors({ y }));
      structuredClone(x.data, { transfer: [x.data.buffer] });
      await assert.rejects(
        session.run(tensors({ x, factor: scalar(1) }), tensors({ y })),
        /x: its array has 0 bytes, float32 \[1, 2\] has 8; give an array of that size/,
      );
      await session.close();
    });

    it("refuses tensors that were released, copies that do not fit, and bytes that are no model", async () => {
      const session = await device.openSession(scaled(), "scaled");
      const x = await uploaded(device, vector(1, 2));
      const feeds = tensors({ x, factor: scalar(1) });
      const into = tensors({ y: vector(0, 0) });
      await session.run(feeds, into);
      await assert.rejects(
        device.upload(vector(1, 2, 3), x),
        /upload: the array is float32 \[1, 3\], expected float32 \[1, 2\]/,
      );
      await assert.rejects(device.download(x, int64s([1])), /the array is int64 \[1\], expected float32/);
      device.release(x);
      device.release(x);
      await assert.rejects(session.run(feeds, into), /scaled: x is a tensor that was released/);
      await assert.rejects(device.upload(vector(1, 2), x), /was released/);
      await assert.rejects(device.openSession(Uint8Array.of(1, 2, 3), "encoder.onnx"), {
        name: "ProviderError",
        message: /^encoder\.onnx: ONNX Runtime does not load the model: .*protobuf.*ORT_INVALID_PROTOBUF/,
      });
      await assert.rejects(device.allocate("float32", [2 ** 45]), /^ProviderError: allocate: ONNX Runtime/);
      await session.close();
    });

    it("ends a run that is under way when it is closed, and is closed then", async () => {
      const other = await open();
      const session = await other.openSession(powers(256, 2000), "powers");
      const tensor = await other.allocate("float32", [1]);
      const run = session.run(tensors({ x: floats([256, 256]) }), new Map());
      const ended = assert.rejects(run, /^ProviderError: powers: ONNX Runtime stopped: .*terminate/);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await other.close();
      await ended;
      await assert.rejects(session.run(new Map(), new Map()), /powers: is closed, expected an open session/);
      await assert.rejects(other.openSession(scaled(), "scaled"), /scaled: the device is closed/);
      await assert.rejects(other.upload(floats([1]), tensor), /upload: the device is closed/);
      await session.close();
    });
  });
}

describe("openNativeDevice", () => {
  it("takes no more memory after 10,000 runs, and 500 sessions and tensors", async () => {
    const device = await openNativeDevice(CPU);
    const model = scaled();
    const session = await device.openSession(model, "scaled");
    const resident = async (runs: number, opened: number) => {
      for (let at = 0; at < runs; at++) {
        const x = at % 2 === 0 ? vector(at, 1) : floats([1 + (at % 7), 2]);
        await session.run(tensors({ x, factor: scalar(1) }), tensors({ y: floats(x.shape) }));
      }
      for (let at = 0; at < opened; at++) {
        const other = await device.openSession(model, "scaled");
        device.release(await uploaded(device, floats([MIB / 4])));
        await other.close();
      }
      return process.memoryUsage.rss();
    };
    const warm = await resident(2000, 100);
    const grown = (await resident(10_000, 500)) - warm;
    // A megabyte for each tensor that stayed would be 500.
    assert.ok(grown < 64 * MIB, `grown by ${grown} bytes`);
    await device.close();
  });

  it("opens cuda, or names all that it lacks and the commands that bring it", async () => {
    try {
      const device = await openNativeDevice({ ep: "cuda" });
      assert.deepEqual(await downloaded(device, await uploaded(device, vector(1, 2))), [1, 2]);
      await device.close();
    } catch (error) {
      assert.equal((error as Error).name, "ProviderError");
      assert.match(
        (error as Error).message,
        /^cuda: (not found: lib.*; expected the libraries of CUDA 13 and cuDNN 9; |is not available on|.*expected a GPU)/,
      );
      assert.match((error as Error).message, /choose --ep cpu/);
    }
  });

  it("refuses a provider that it does not know", async () => {
    await assert.rejects(openNativeDevice({ ep: "wasm" as "cpu" }), {
      name: "ProviderError",
      message: /^execution provider wasm has no native device, expected cpu or cuda/,
    });
  });
});
