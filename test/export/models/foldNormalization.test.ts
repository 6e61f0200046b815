import assert from "node:assert/strict";
import { Tensor } from "onnxruntime-node";
import { decodeModel } from "../../../src/codec/decode.js";
import { encodeModel } from "../../../src/codec/encode.js";
import { foldNormalization } from "../../../src/export/models/foldNormalization.js";
import type { Graph } from "../../../src/ir/graph.js";
import { asFloat32, fromFloat32, type RawTensor } from "../../../src/ir/rawTensor.js";
import { GraphBuilder } from "../../../src/ops/builder.js";
import { runModel } from "../../support/modelFile.js";
import { smallNet, smallTensors, SMALL_OUTPUT } from "../../codec/smallNet.js";

/** One filter of one weight, a bias of its own, then statistics. */
function oneFilter(also: boolean): { graph: Graph; tensors: Map<string, RawTensor> } {
  const builder = new GraphBuilder("one");
  const { op } = builder;
  const x = builder.input("x", "float32", [1, 1, 1, 2]);
  const numbers: Record<string, number> = { bias: 4, gamma: 6, beta: 10, mean: 1, variance: 8 };
  const own = Object.fromEntries(
    Object.keys(numbers).map((name) => [name, builder.input(name, "float32", [1])]),
  );
  const weight = builder.input("weight", "float32", [1, 1, 1, 1]);
  const mapped = op.conv(x, weight, {}, own["bias"]);
  const {
    gamma: scale,
    beta: bias,
    mean,
    variance,
  } = own as Record<string, NonNullable<(typeof own)[string]>>;
  const y = op.batchNormalization(
    mapped,
    { scale: scale!, bias: bias!, mean: mean!, variance: variance! },
    1,
  );
  builder.output(y.name, y);
  if (also) builder.output(mapped.name, mapped);
  const tensors = new Map(
    Object.entries(numbers).map(([name, number]) => [name, fromFloat32(Float32Array.of(number), [1])]),
  );
  return {
    graph: builder.build(),
    tensors: tensors.set("weight", fromFloat32(Float32Array.of(3), [1, 1, 1, 1])),
  };
}

describe("folding of batch normalization into the convolution before it", () => {
  it("scales the filter by γ/√(σ² + ε), and moves the bias", () => {
    // s = 6/√(8 + 1) = 2: weight 3·2, bias (4 - 1)·2 + 10
    const { graph, tensors } = foldNormalization(oneFilter(false));
    assert.deepEqual(
      graph.nodes.map(({ op, inputs, outputs }) => [
        op,
        inputs.map((value) => value?.name),
        outputs[0]!.name,
      ]),
      [["Conv", ["x", "weight", "beta"], "/BatchNormalization_output_0"]],
    );
    assert.deepEqual([...asFloat32(tensors.get("weight")!, "weight")], [6]);
    assert.deepEqual([...asFloat32(tensors.get("beta")!, "beta")], [16]);
  });

  it("leaves a convolution alone whose result is read elsewhere too", () => {
    const { graph } = foldNormalization(oneFilter(true));
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      ["Conv", "BatchNormalization"],
    );
  });

  it("leaves statistics alone that are not bound", () => {
    const { graph, tensors } = oneFilter(false);
    tensors.delete("mean");
    assert.equal(foldNormalization({ graph, tensors }).graph.nodes.length, 2);
  });

  it("changes nothing that the runtime computes", async () => {
    const options = { producerVersion: "0" };
    const before = encodeModel(smallNet(), { ...options, tensors: smallTensors() });
    const folded = foldNormalization(decodeModel(before, "small"));
    const kept = folded.graph.inputs.filter(({ name }) => !/running|bn.weight/.test(name));
    const tensors = new Map(
      [...folded.tensors].filter(([name]) => kept.some((value) => value.name === name)),
    );
    const after = encodeModel(
      { ...folded.graph, inputs: kept, parameters: new Map() },
      { ...options, tensors },
    );
    const x = new Tensor(
      "float32",
      Float32Array.from({ length: 32 }, (_, at) => Math.sin(at * at)),
      [2, 1, 4, 4],
    );
    const [expected, found] = [await runModel(before, { x }), await runModel(after, { x })];
    found[SMALL_OUTPUT]!.data.forEach((number, at) =>
      assert.ok(Math.abs(number - expected[SMALL_OUTPUT]!.data[at]!) < 1e-6),
    );
  });
});
