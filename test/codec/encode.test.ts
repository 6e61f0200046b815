import assert from "node:assert/strict";
import onnxProto, { type onnx } from "onnx-proto";
import { encodeModel } from "../../src/codec/encode.js";
import { GraphError, LoweringError } from "../../src/errors.js";
import type { DType } from "../../src/ir/dtype.js";
import { fromFloat32 } from "../../src/ir/rawTensor.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { SMALL_OUTPUT, smallNet, smallTensors } from "./smallNet.js";

const options = { producerVersion: "0.1.0" };

function message(bytes: Uint8Array): onnx.ModelProto {
  return onnxProto.onnx.ModelProto.decode(bytes);
}

function nodeOf(model: onnx.ModelProto, opType: string): onnx.INodeProto {
  const node = model.graph?.node?.find((candidate) => candidate.opType === opType);
  assert.ok(node, `no ${opType}`);
  return node;
}

describe("encodeModel", () => {
  it("gives equal bytes for equal graphs", () => {
    const metadata = { first: "1", second: "2" };
    const turned = { second: "2", first: "1" };
    const tensors = smallTensors();
    const reversed = new Map([...tensors].reverse());
    assert.deepEqual(
      encodeModel(smallNet(), { ...options, metadata, tensors }),
      encodeModel(smallNet(), { ...options, metadata: turned, tensors: reversed }),
    );
  });

  it("states IR version 8, opset 18 and the producer", () => {
    const model = message(
      encodeModel(smallNet(), { ...options, docString: "a note", metadata: { seed: "7" } }),
    );
    assert.equal(String(model.irVersion), "8");
    assert.deepEqual(
      model.opsetImport.map(({ domain, version }) => [domain, String(version)]),
      [["", "18"]],
    );
    assert.equal(model.producerName, "onnx-instdisc");
    assert.equal(model.producerVersion, "0.1.0");
    assert.equal(model.docString, "a note");
    assert.deepEqual(
      model.metadataProps.map(({ key, value }) => [key, value]),
      [["seed", "7"]],
    );
  });

  it("keeps the order of inputs and leaves out the bound ones", () => {
    const free = message(encodeModel(smallNet(), options));
    assert.deepEqual(
      free.graph?.input?.map(({ name }) => name),
      smallNet().inputs.map(({ name }) => name),
    );
    const bound = message(encodeModel(smallNet(), { ...options, tensors: smallTensors() }));
    assert.deepEqual(
      bound.graph?.input?.map(({ name }) => name),
      ["x"],
    );
    assert.deepEqual(
      bound.graph?.initializer?.map(({ name }) => name),
      [...smallNet().parameters.keys(), "float32(0.5)"],
    );
  });

  it("writes dtype and shape of every value between, named dimensions by name", () => {
    const { graph } = message(encodeModel(smallNet(), options));
    const produced = graph?.node?.flatMap(({ output }) => output ?? []) ?? [];
    assert.deepEqual(
      graph?.valueInfo?.map(({ name }) => name),
      produced.filter((name) => name !== SMALL_OUTPUT),
    );
    const conv = graph?.valueInfo?.[0]?.type?.tensorType;
    assert.equal(conv?.elemType, 1);
    assert.deepEqual(
      conv?.shape?.dim?.map(({ dimParam, dimValue }) => dimParam || Number(dimValue)),
      ["batch", 2, 4, 4],
    );
  });

  it("writes attributes under ONNX's names", () => {
    const builder = new GraphBuilder("attributes");
    const { op } = builder;
    const x = builder.input("x", "float32", [1, 1, 4, 4]);
    const w = builder.input("w", "float32", [1, 1, 2, 2]);
    const wide = op.convTranspose(x, w, { strides: [2, 2], outputPadding: [1, 1] });
    const mean = op.averagePool(wide, { kernelShape: [3, 3], countIncludePad: 1 });
    const flat = op.flatten(mean);
    const product = op.gemm(flat, flat, null, { transB: 1, alpha: 0.5 });
    builder.output(product.name, product);
    const model = message(encodeModel(builder.build(), options));
    const names = (opType: string) => nodeOf(model, opType).attribute?.map(({ name }) => name);
    assert.deepEqual(names("ConvTranspose"), ["strides", "pads", "dilations", "group", "output_padding"]);
    assert.deepEqual(names("AveragePool"), ["kernel_shape", "strides", "pads", "count_include_pad"]);
    assert.deepEqual(names("Gemm"), ["alpha", "beta", "transA", "transB"]);
    const attribute = (opType: string, name: string) =>
      nodeOf(model, opType).attribute?.find((candidate) => candidate.name === name);
    assert.equal(attribute("Gemm", "alpha")?.f, 0.5);
    assert.equal(Number(attribute("Gemm", "transB")?.i), 1);
    assert.deepEqual(attribute("ConvTranspose", "output_padding")?.ints?.map(Number), [1, 1]);
  });

  it("writes batch normalization with given statistics as inference", () => {
    const { attribute } = nodeOf(message(encodeModel(smallNet(), options)), "BatchNormalization");
    assert.deepEqual(
      attribute?.map(({ name, f, i }) => [name, name === "epsilon" ? f : Number(i)]),
      [
        ["epsilon", Math.fround(1e-5)],
        ["training_mode", 0],
      ],
    );
  });

  it("writes a dtype as ONNX's number for it", () => {
    const numbers: Record<DType, number> = {
      float32: 1,
      float64: 11,
      float16: 10,
      bfloat16: 16,
      int64: 7,
      int32: 6,
      int8: 3,
      uint8: 2,
      bool: 9,
    };
    for (const [dtype, number] of Object.entries(numbers) as [DType, number][]) {
      const builder = new GraphBuilder("cast");
      const y = builder.op.cast(builder.input("x", "float32", []), dtype);
      builder.output(y.name, y);
      const model = message(encodeModel(builder.build(), options));
      assert.equal(Number(nodeOf(model, "Cast").attribute?.[0]?.i), number, dtype);
      assert.equal(model.graph?.output?.[0]?.type?.tensorType?.elemType, number, dtype);
    }
  });

  it("leaves out the indices of a pooling that nobody reads, and keeps them where somebody does", () => {
    const build = (withIndices: boolean) => {
      const builder = new GraphBuilder("pool");
      const x = builder.input("x", "float32", [1, 1, 4, 4]);
      const { Y, Indices } = builder.op.maxPoolWithIndices(x, { kernelShape: [2, 2] });
      builder.output(Y.name, Y);
      if (withIndices) builder.output(Indices.name, Indices);
      return nodeOf(message(encodeModel(builder.build(), options)), "MaxPool").output;
    };
    assert.deepEqual(build(false), ["/MaxPool_output_0"]);
    assert.deepEqual(build(true), ["/MaxPool_output_0", "/MaxPool_output_1"]);
  });

  it("leaves out an absent optional input at the end, and constants that nobody reads", () => {
    const builder = new GraphBuilder("gaps");
    const x = builder.input("x", "float32", [2]);
    builder.op.scalar(42);
    const y = builder.op.pad(x, [1, 1]);
    builder.output(y.name, y);
    const model = message(encodeModel(builder.build(), options));
    assert.deepEqual(nodeOf(model, "Pad").input, ["x", "int64[2](1,1)"]);
    assert.deepEqual(
      model.graph?.initializer?.map(({ name }) => name),
      ["int64[2](1,1)"],
    );
  });

  it("says which nodes must be lowered before", () => {
    const builder = new GraphBuilder("training");
    const x = builder.input("x", "float32", [4, 2, 3, 3]);
    const [scale, bias] = [builder.input("scale", "float32", [2]), builder.input("bias", "float32", [2])];
    const { Y } = builder.scope("bn1", () => builder.op.batchNormalizationTraining(x, scale, bias, 1e-5));
    builder.output(Y.name, Y);
    assert.throws(
      () => encodeModel(builder.build(), options),
      new LoweringError(
        "graph training: ONNX has no operator for /bn1/BatchNormalizationTraining (BatchNormalizationTraining); " +
          "lower the graph first",
      ),
    );
  });

  it("says which outputs go by another name than their value", () => {
    const builder = new GraphBuilder("named");
    builder.output("y", builder.op.neg(builder.input("x", "float32", [])));
    assert.throws(
      () => encodeModel(builder.build(), options),
      new GraphError(
        "graph named: output y is value /Neg_output_0, expected the same name; run nameOutputs first",
      ),
    );
  });

  it("lists every tensor that does not fit an input", () => {
    const tensors = new Map([
      ["nowhere", fromFloat32(new Float32Array(1), [1])],
      ["x", fromFloat32(new Float32Array(16), [1, 1, 4, 4])],
      ["fc.weight", { dtype: "float64", shape: [2, 2], bytes: new Uint8Array(32) } as const],
      ["stem.bn.weight", { dtype: "float32", shape: [2], bytes: new Uint8Array(7) } as const],
    ]);
    assert.throws(
      () => encodeModel(smallNet(), { ...options, tensors }),
      new GraphError(
        "graph small: tensor nowhere has no input to bind to; " +
          "tensor x is float32 [1, 1, 4, 4], expected float32 [batch, 1, 4, 4]; " +
          "tensor fc.weight is float64 [2, 2], expected float32 [2, 2]; " +
          "tensor stem.bn.weight has 7 bytes, expected 8",
      ),
    );
  });

  it("refuses a constant that its dtype cannot hold", () => {
    const builder = new GraphBuilder("constants");
    const constant = builder.constant({ dtype: "int64", shape: [2], data: [2 ** 60, 0.5] });
    const y = builder.op.identity(constant);
    builder.output(y.name, y);
    assert.throws(
      () => encodeModel(builder.build(), options),
      /int64\[2\].*: holds 1152921504606847000, 0\.5 as int64/,
    );
  });
});
