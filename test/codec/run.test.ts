/** @file What encodeModel writes, run by a stock ONNX Runtime. */

import assert from "node:assert/strict";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { bindTensors } from "../../src/codec/bind.js";
import { encodeModel } from "../../src/codec/encode.js";
import type { Graph } from "../../src/ir/graph.js";
import { fromFloat32 } from "../../src/ir/rawTensor.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { SMALL_OUTPUT, smallNet, smallTensors } from "./smallNet.js";

const options = { producerVersion: "0.1.0" };

async function run(bytes: Uint8Array, feeds: Record<string, Tensor> = {}): Promise<Record<string, Tensor>> {
  const session = await InferenceSession.create(bytes);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** A graph that gives back `data` as it stands in the file. */
function integers(data: readonly number[]): Graph {
  const builder = new GraphBuilder("integers");
  const y = builder.op.identity(builder.constant({ dtype: "int64", shape: [data.length], data }));
  builder.output(y.name, y);
  return builder.build();
}

describe("an encoded model in ONNX Runtime", () => {
  // Picture 0 holds 4 in one corner, picture 1 holds -8 there. The mean over 2x2 maxima is 1 and 2; the last
  // layer halves it.
  const pictures = Float32Array.from({ length: 32 }, (_, at) => (at === 0 ? 4 : at === 16 ? -8 : 0));
  const expected = [0.5, 0, 0, 1].map((number) => Math.fround(number / Math.sqrt(1 + 1e-5)));

  function assertClose(output: Tensor | undefined, dims: number[], numbers: number[]): void {
    assert.deepEqual(output?.dims, dims);
    const found = [...(output.data as Float32Array)];
    found.forEach((number, at) =>
      assert.ok(Math.abs(number - numbers[at]!) < 1e-6, `[${found.join()}], expected [${numbers.join()}]`),
    );
  }

  it("takes parameters as inputs, and any batch", async () => {
    const weights = [...smallTensors()].map(([name, { shape, bytes }]) => {
      const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      return [name, new Tensor("float32", data, shape)] as const;
    });
    const bytes = encodeModel(smallNet(), options);
    for (const batch of [1, 2]) {
      const x = new Tensor("float32", pictures.subarray(0, batch * 16), [batch, 1, 4, 4]);
      const outputs = await run(bytes, { x, ...Object.fromEntries(weights) });
      assertClose(outputs[SMALL_OUTPUT], [batch, 2], expected.slice(0, batch * 2));
    }
  });

  it("gives the same numbers with its parameters bound", async () => {
    const bytes = encodeModel(smallNet(), { ...options, tensors: smallTensors() });
    const outputs = await run(bytes, { x: new Tensor("float32", pictures, [2, 1, 4, 4]) });
    assertClose(outputs[SMALL_OUTPUT], [2, 2], expected);
  });

  it("follows weights that are bound anew", async () => {
    const tensors = smallTensors();
    tensors.set("fc.weight", fromFloat32(Float32Array.of(0, 10, 10, 0), [2, 2])); // swaps, times 10
    const bytes = bindTensors(
      encodeModel(smallNet(), { ...options, tensors: smallTensors() }),
      tensors,
      "encoder.onnx",
    );
    const outputs = await run(bytes, { x: new Tensor("float32", pictures, [2, 1, 4, 4]) });
    assertClose(outputs[SMALL_OUTPUT], [2, 2], [0, 10 * expected[0]!, 10 * expected[3]!, 0]);
  });

  it("sees int64 constants exactly, negative ones and those above 2^31", async () => {
    const data = [-1, 0, 2 ** 31 + 5, -(2 ** 40) - 3, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    const outputs = await run(encodeModel(integers(data), options));
    assert.deepEqual([...(outputs["/Identity_output_0"]!.data as BigInt64Array)], data.map(BigInt));
  });

  it("sees int64 attributes, negative ones too", async () => {
    const builder = new GraphBuilder("axis");
    const x = builder.input("x", "float32", [2, 1]);
    const y = builder.op.concat([x, x], -1);
    builder.output(y.name, y);
    const outputs = await run(encodeModel(builder.build(), options), {
      x: new Tensor("float32", [1, 2], [2, 1]),
    });
    assert.deepEqual([...(outputs[y.name]!.data as Float32Array)], [1, 1, 2, 2]);
  });

  it("sees constants of every dtype that it can hand out", async () => {
    for (const dtype of ["float32", "float64", "float16", "int32", "int8", "uint8", "bool"] as const) {
      const builder = new GraphBuilder("constants");
      const y = builder.op.cast(builder.constant({ dtype, shape: [3], data: [1, 0, 1] }), "float32");
      builder.output(y.name, y);
      const outputs = await run(encodeModel(builder.build(), options));
      assert.deepEqual([...(outputs[y.name]!.data as Float32Array)], [1, 0, 1], dtype);
    }
  });

  it("sees half-precision constants as encodeHalf rounds them", async () => {
    const data = [0.1, -2.5, 65504, 6e-8, 1 / 3];
    const builder = new GraphBuilder("halves");
    const y = builder.op.cast(builder.constant({ dtype: "float16", shape: [5], data }), "float32");
    builder.output(y.name, y);
    const outputs = await run(encodeModel(builder.build(), options));
    const found = [...(outputs[y.name]!.data as Float32Array)];
    found.forEach((number, at) =>
      assert.ok(Math.abs(number - data[at]!) <= Math.max(Math.abs(data[at]!) / 2048, 2 ** -25)),
    );
    assert.equal(found[2], 65504);
  });
});
