import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openApi, type OrtApi } from "../../../src/native/onnxruntime/api.js";
import { openRuntime } from "../../../src/native/onnxruntime/env.js";
import { Handle, liveHandles, made } from "../../../src/native/onnxruntime/handle.js";
import { HOME_MODEL } from "../../../src/native/onnxruntime/homeModel.js";
import { libraryFolder, loadLibrary } from "../../../src/native/onnxruntime/library.js";
import { createSession } from "../../../src/native/onnxruntime/session.js";
import { ortCodeName } from "../../../src/native/onnxruntime/status.js";
import { dataOf, memoryInfo, newValue, sessionAllocator } from "../../../src/native/onnxruntime/value.js";
import { runtimeVersion } from "../../../src/runtime/node.js";
import { GraphBuilder } from "../../../src/ops/builder.js";
import { encodeModel } from "../../../src/codec/encode.js";
import { suiteFolder } from "../../support/temporary.js";

describe("ONNX Runtime's C API", () => {
  const folder = suiteFolder();
  let api: OrtApi;
  before(async () => {
    api = await openApi();
  });

  it("is that of the very library of the binding", async () => {
    assert.equal(api.version, await runtimeVersion());
    assert.match(api.GetBuildInfoString(), /^ORT Build Info: /);
  });

  it("says by name and in its own words what it refuses", () => {
    const options = made((place) => api.CreateSessionOptions(place));
    try {
      assert.throws(() => api.AddSessionConfigEntry(options, "", "1"), {
        name: "OrtError",
        ortCode: "ORT_INVALID_ARGUMENT",
        message: /key .*\(ORT_INVALID_ARGUMENT\)$/is,
      });
    } finally {
      api.ReleaseSessionOptions(options);
    }
    assert.deepEqual([1, 7, 15, 99].map(ortCodeName), [
      "ORT_FAIL",
      "ORT_INVALID_PROTOBUF",
      "ORT_DEVICE_RESET",
      "ORT_99",
    ]);
  });

  it("says off the thread what it says on it", async () => {
    const { env } = await openRuntime();
    const [options, place] = [made((one) => api.CreateSessionOptions(one)), new BigUint64Array(1)];
    const bytes = Uint8Array.of(1, 2, 3);
    const into = api.addressOf(place);
    await assert.rejects(
      api.offThread("CreateSessionFromArray", env, api.addressOf(bytes), bytes.length, options, into),
      { ortCode: "ORT_INVALID_PROTOBUF" },
    );
    api.ReleaseSessionOptions(options);
    assert.equal(place[0], 0n);
  });

  it("has its last functions where the table says, and CUDA's options without CUDA", async () => {
    const runtime = await openRuntime();
    const { handle } = await createSession(runtime, HOME_MODEL, "home", { threads: 1, config: {} });
    // On the CPU nothing is captured: the call arrives and is refused, or has nothing to do.
    try {
      api.SessionReleaseCapturedGraph(handle.address, 1);
    } catch (error) {
      assert.match((error as Error).message, /capture|graph/i);
    }
    handle.close();
    api.ReleaseCUDAProviderOptions(made((place) => api.CreateCUDAProviderOptions(place)));
  });

  it("gives memory of a session, which holds what is written there", async () => {
    const before = liveHandles();
    const runtime = await openRuntime();
    const { handle: session } = await createSession(runtime, HOME_MODEL, "home", { threads: 1, config: {} });
    const info = memoryInfo(api, "Cpu");
    const allocator = sessionAllocator(api, session, info);
    const value = newValue(api, allocator, { dtype: "float32", shape: [2, 3] });
    const numbers = new Float32Array(api.viewOf(dataOf(api, value), 24));
    numbers.set([1, 2, 3, 4, 5, 6]);
    assert.deepEqual([...new Float32Array(api.viewOf(dataOf(api, value), 24))], [1, 2, 3, 4, 5, 6]);
    for (const one of [value, allocator, info, session]) one.close();
    assert.equal(liveHandles(), before);
  });

  it("names a library that is not there, and what brings it back", async () => {
    await assert.rejects(loadLibrary(join(folder(), "none")), {
      name: "ProviderError",
      message: /none: has no library of ONNX Runtime for .*; npm rebuild onnxruntime-node$/,
    });
    mkdirSync(join(folder(), "empty"));
    await assert.rejects(loadLibrary(join(folder(), "empty")), /has no library of ONNX Runtime/);
    assert.match(libraryFolder(), /napi-v6/);
  });
});

describe("a session's declarations", () => {
  it("are the names, dtypes and shapes of the model", async () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", ["batch", 2]);
    const rows = builder.input("rows", "int64", []);
    const [y, same] = [builder.op.relu(x), builder.op.identity(rows)];
    for (const value of [y, same]) builder.output(value.name, value);
    const model = encodeModel(builder.build(), { producerVersion: "0" });
    const loaded = await createSession(await openRuntime(), model, "net", { threads: 1, config: {} });
    loaded.handle.close();
    assert.deepEqual(loaded.inputs, [
      { name: "x", dtype: "float32", shape: ["batch", 2] },
      { name: "rows", dtype: "int64", shape: [] },
    ]);
    assert.deepEqual(
      loaded.outputs.map(({ dtype, shape }) => ({ dtype, shape })),
      [
        { dtype: "float32", shape: ["batch", 2] },
        { dtype: "int64", shape: [] },
      ],
    );
  });
});

describe("a handle", () => {
  it("gives back once, and says that it is closed", () => {
    const released: bigint[] = [];
    const before = liveHandles();
    const handle = new Handle("net.onnx", 7n, (address) => released.push(address));
    assert.deepEqual([handle.address, liveHandles()], [7n, before + 1]);
    handle.close();
    handle.close();
    assert.deepEqual([released, liveHandles(), handle.isOpen], [[7n], before, false]);
    assert.throws(() => handle.address, {
      name: "ProviderError",
      message: "net.onnx: is closed, expected an open one; open it again",
    });
  });
});

describe("the model of one Relu", () => {
  it("is what the codec writes", () => {
    const builder = new GraphBuilder("home");
    const y = builder.op.relu(builder.input("x", "float32", [1]));
    builder.output(y.name, y);
    const written = encodeModel(builder.build(), { producerVersion: "" });
    assert.deepEqual([...HOME_MODEL], [...written]);
  });
});
