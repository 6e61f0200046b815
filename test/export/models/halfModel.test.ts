import assert from "node:assert/strict";
import { Tensor } from "onnxruntime-node";
import { decodeModel } from "../../../src/codec/decode.js";
import { encodeModel } from "../../../src/codec/encode.js";
import { LoweringError } from "../../../src/errors.js";
import { halfModel } from "../../../src/export/models/halfModel.js";
import { fromFloat32 } from "../../../src/ir/rawTensor.js";
import { GraphBuilder } from "../../../src/ops/builder.js";
import { evaluationInput } from "../../support/evaluationInput.js";
import { rowCosines, runModel } from "../../support/modelFile.js";
import { suiteRun } from "../../support/trainedRun.js";

/** x·w, of unit length. */
function unitProduct(weights: readonly number[]): Uint8Array {
  const builder = new GraphBuilder("product");
  const { op } = builder;
  const x = builder.input("x", "float32", ["batch", 2]);
  const w = builder.input("w", "float32", [2, 2]);
  const y = op.l2Normalize(op.gemm(x, w));
  builder.output(y.name, y);
  const tensors = new Map([["w", fromFloat32(Float32Array.from(weights), [2, 2])]]);
  return encodeModel(builder.build(), { producerVersion: "0", tensors });
}

describe("the encoder in half precision", () => {
  const trained = suiteRun();

  it("gives the embeddings of the one in float32, in float32, at half the size", async () => {
    const { model, pixels } = await evaluationInput(trained().run, 40);
    const half = halfModel(model.encoder);
    const feeds = { pixel_values: pixels };
    const [expected, found] = [await runModel(model.encoder, feeds), await runModel(half, feeds)];
    for (const name of ["image_embeds", "pooler_output"]) {
      assert.ok(Math.min(...rowCosines(found[name]!, expected[name]!)) > 0.9999, name);
    }
    assert.notDeepEqual(found["image_embeds"]!.data, expected["image_embeds"]!.data, "it is another model");
    const weights = (bytes: Uint8Array) =>
      [...decodeModel(bytes, "model").tensors.values()].reduce(
        (sum, { bytes: { length } }) => sum + length,
        0,
      );
    assert.ok(weights(half) < 0.51 * weights(model.encoder));
  });

  it("computes maps in half, and means of maps and lengths in full", async () => {
    const { model } = await evaluationInput(trained().run, 1);
    const { nodes, inputs, outputs } = decodeModel(halfModel(model.encoder), "half").graph;
    const dtypesOf = (op: string) =>
      new Set(nodes.filter((node) => node.op === op).map((node) => node.outputs[0]!.dtype));
    for (const op of ["Conv", "Relu", "Add", "Gemm"]) assert.ok(dtypesOf(op).has("float16"), op);
    for (const op of ["GlobalAveragePool", "ReduceSumSquare", "Sqrt", "Div"])
      assert.deepEqual(dtypesOf(op), new Set(["float32"]), op);
    assert.ok(!nodes.some(({ op }) => op === "BatchNormalization"), "folded into the convolutions");
    assert.deepEqual([inputs[0]!.name, inputs[0]!.dtype], ["pixel_values", "float32"]);
    assert.deepEqual(
      outputs.map(({ value }) => value.dtype),
      ["float32", "float32"],
    );
  });

  it("keeps the length of a vector whose squares half precision cannot hold", async () => {
    // (300, 400): the sum of squares is 250,000, above 65,504
    const found = await runModel(halfModel(unitProduct([300, 0, 0, 400])), {
      x: new Tensor("float32", [1, 1], [1, 2]),
    });
    const [y] = Object.values(found);
    assert.deepEqual([...y!.data], [0.6, 0.8].map(Math.fround));
  });

  it("refuses weights that half precision cannot hold, by name", () => {
    assert.throws(
      () => halfModel(unitProduct([65_520, 0, 0, 1])),
      new LoweringError(
        "half precision: w: found numbers of 65,520 or more, expected smaller ones; use the model in float32 or int8",
      ),
    );
    assert.doesNotThrow(() => halfModel(unitProduct([65_519, 0, 0, 1])));
  });
});
