import assert from "node:assert/strict";
import onnxProto from "onnx-proto";
import { decodeModel } from "../../src/codec/decode.js";
import { encodeModel } from "../../src/codec/encode.js";
import { withMetadata } from "../../src/codec/metadata.js";
import { ArtifactError } from "../../src/errors.js";
import { smallNet, smallTensors } from "./smallNet.js";

const model = encodeModel(smallNet(), {
  producerVersion: "0.1.0",
  docString: "before",
  metadata: { seed: "7", arch: "small" },
  tensors: smallTensors(),
});

describe("metadata of a finished model", () => {
  it("is added to what is there, replaces the same keys, and leaves graph and weights as they were", () => {
    const described = decodeModel(
      withMetadata(model, { docString: "after", metadata: { seed: "8", model_license: "MIT" } }),
      "described",
    );
    const before = decodeModel(model, "model");
    assert.deepEqual(described.metadata, { arch: "small", model_license: "MIT", seed: "8" });
    assert.equal(described.docString, "after");
    assert.equal(described.producerVersion, "0.1.0");
    assert.deepEqual(described.graph, before.graph);
    assert.deepEqual(described.tensors, before.tensors);
  });

  it("gives the same bytes where nothing is added", () => {
    assert.deepEqual(withMetadata(model, {}), model);
  });

  it("marks an input as a picture, and its axes", () => {
    const axes = ["DATA_BATCH", "DATA_CHANNEL", "DATA_FEATURE", "DATA_FEATURE"] as const;
    const { graph } = onnxProto.onnx.ModelProto.decode(withMetadata(model, { image: { input: "x", axes } }));
    const [x] = graph!.input!;
    assert.equal(x!.type!.denotation, "IMAGE");
    assert.deepEqual(
      x!.type!.tensorType!.shape!.dim!.map(({ denotation, dimParam }) => [denotation, dimParam ?? null]),
      axes.map((axis, at) => [axis, at === 0 ? "batch" : null]),
    );
  });

  it("refuses an input that is not there, or has other axes", () => {
    assert.throws(
      () => withMetadata(model, { image: { input: "y", axes: [] } }, "m.onnx"),
      new ArtifactError("m.onnx: has no input y, expected one to mark as a picture; correct its name"),
    );
    assert.throws(
      () => withMetadata(model, { image: { input: "x", axes: ["DATA_BATCH"] } }, "m.onnx"),
      new ArtifactError("m.onnx: input x has 4 axes, expected 1; name one for each"),
    );
  });
});
