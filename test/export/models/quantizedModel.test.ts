import assert from "node:assert/strict";
import { decodeModel } from "../../../src/codec/decode.js";
import { quantizedModel, quantizeTensor } from "../../../src/export/models/quantizedModel.js";
import { asFloat32, fromFloat32 } from "../../../src/ir/rawTensor.js";
import { evaluationInput } from "../../support/evaluationInput.js";
import { rowCosines, runModel } from "../../support/modelFile.js";
import { suiteRun } from "../../support/trainedRun.js";

describe("weights in 8 bits", () => {
  const weights = fromFloat32(Float32Array.of(12.7, -0.26, 0.24, 0, 0, 0, -254, 254, 1), [3, 3]);

  it("have one step for each row, such that the largest becomes 127", () => {
    const { codes, scales } = quantizeTensor(weights, 0);
    assert.deepEqual([...new Int8Array(codes.bytes.buffer)], [127, -3, 2, 0, 0, 0, -127, 127, 1]);
    assert.deepEqual([...asFloat32(scales, "scales")], [0.1, 1, 2].map(Math.fround));
    assert.deepEqual([codes.dtype, codes.shape, scales.shape], ["int8", [3, 3], [3]]);
  });

  it("have one step for each column, where the channels lie on the last axis", () => {
    const { codes, scales } = quantizeTensor(weights, 1);
    assert.deepEqual([...asFloat32(scales, "scales")], [2, 2, 1 / 127].map(Math.fround));
    assert.deepEqual([...new Int8Array(codes.bytes.buffer)], [6, 0, 30, 0, 0, 0, -127, 127, 127]);
  });
});

describe("the encoder with weights in 8 bits", () => {
  const trained = suiteRun();

  it("stays close to the one in float32", async () => {
    const { model, pixels } = await evaluationInput(trained().run, 40);
    const feeds = { pixel_values: pixels };
    const quantized = await runModel(quantizedModel(model.encoder), feeds);
    const expected = await runModel(model.encoder, feeds);
    for (const name of ["image_embeds", "pooler_output"]) {
      assert.deepEqual(quantized[name]!.shape, expected[name]!.shape);
      assert.ok(Math.min(...rowCosines(quantized[name]!, expected[name]!)) > 0.995, name);
    }
  });

  it("keeps every weight of Conv and Gemm in int8, and computes in float32", async () => {
    const { model } = await evaluationInput(trained().run, 1);
    const { graph, tensors } = decodeModel(quantizedModel(model.encoder), "quantized");
    const producers = new Map(graph.nodes.map((node) => [node.outputs[0]!.name, node]));
    const products = graph.nodes.filter(({ op }) => op === "Conv" || op === "Gemm");
    assert.ok(products.length > 5);
    for (const { name, inputs } of products) {
      const maker = producers.get(inputs[1]!.name);
      assert.equal(maker?.op, "DequantizeLinear", name);
      assert.equal(maker.attributes["axis"], 0);
      assert.equal(tensors.get(maker.inputs[0]!.name)?.dtype, "int8");
    }
    const floats = [...tensors].filter(([, { dtype }]) => dtype === "float32");
    assert.ok(
      floats.every(([, { shape }]) => shape.length === 1),
      "only biases and steps are left in float32",
    );
  });
});
