/** @file onnxruntime-web in Node: its wasm on the CPU. Browsers are in test/web. */

import assert from "node:assert/strict";
import { GraphBuilder } from "../../src/ops/builder.js";
import { encodeModel } from "../../src/codec/encode.js";
import { floats, type HostTensor, type Session } from "../../src/runtime/session.js";
import { openSession } from "../../src/runtime/web.js";

const ASSETS = new URL("./", import.meta.resolve("onnxruntime-web/wasm"));
const Y = "/Mul_output_0";

/** y = x · x */
function model(): Uint8Array {
  const builder = new GraphBuilder("net");
  const x = builder.input("x", "float32", ["batch", 2]);
  const y = builder.op.mul(x, x);
  builder.output("y", y);
  const graph = builder.build();
  return encodeModel({ ...graph, outputs: [{ name: y.name, value: y }] }, { producerVersion: "0" });
}

describe("a session of onnxruntime-web in Node", () => {
  let session: Session;
  const feeds = (): Map<string, HostTensor> => new Map([["x", floats([2, 2], Float32Array.of(1, 2, 3, 4))]]);
  before(async () => {
    session = await openSession(model(), "net", { ep: "wasm", threads: 1, assets: ASSETS });
  });
  after(() => session.close());

  it("computes on wasm into the arrays that it is given", async () => {
    const y = floats([2, 2]);
    await session.run(feeds(), new Map([[Y, y]]));
    assert.deepEqual([...y.data], [1, 4, 9, 16]);
    assert.deepEqual([session.ep, session.inputs, session.outputs], ["wasm", ["x"], [Y]]);
  });

  it("names inputs that are missing, outputs that it does not have, and arrays that do not fit", async () => {
    await assert.rejects(session.run(new Map(), new Map([["z", floats([1])]])), {
      code: "PROVIDER",
      message: "net: inputs missing: x; outputs unknown: z",
    });
    await assert.rejects(session.run(feeds(), new Map([[Y, floats([4])]])), {
      code: "PROVIDER",
      message: `net: output ${Y} is float32 [2, 2], expected float32 [4]; give an array that fits the model`,
    });
  });

  it("refuses providers of other doors, and WebGPU of the build that has none", async () => {
    await assert.rejects(openSession(model(), "net", { ep: "cuda", assets: ASSETS }), {
      code: "PROVIDER",
      message:
        /cuda is not available in the wasm build of onnxruntime-web, expected wasm; choose one of these/,
    });
    await assert.rejects(openSession(model(), "net", { ep: "webgpu", build: "wasm", assets: ASSETS }), {
      code: "PROVIDER",
      message: /webgpu is not available in the wasm build/,
    });
  });

  it("passes on what the runtime says of a damaged model", async () => {
    await assert.rejects(openSession(new Uint8Array(64), "net", { ep: "wasm", assets: ASSETS }), {
      code: "PROVIDER",
      message: /^net: ONNX Runtime Web does not load the model: ./,
    });
  });
});
