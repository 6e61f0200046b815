import assert from "node:assert/strict";
import { trainStepGraph } from "../../graphs/index.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { layerOf, placesOf } from "../../src/profile/layer.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { tinyConfig } from "./tinyConfig.js";

describe("the layer of a node", () => {
  for (const [name, layer] of [
    ["/layer1/0/conv1/Conv", "layer1.0.conv1"],
    ["/layer1/0/bn1/BatchNormalizationTraining/Sub", "layer1.0.bn1"],
    ["/layer1/0/Relu_1", "layer1.0"],
    ["/Relu", "Relu"],
    ["/Relu_2", "Relu"],
    ["/grad/layer1/0/conv1/Conv/ConvWeightGradient/Gemm", "layer1.0.conv1"],
    ["/grad/Relu/Where", "Relu"],
    ["/sgd/layer1.0.conv1.weight/Mul", "optimizer"],
    ["/accumulate/fc.weight/Add", "gradient sum"],
    ["/objective/Gemm", "objective"],
    ["/objective/bank/Div", "bank update"],
    ["/grad/objective/Gemm/Gemm", "objective"],
    ["Transpose_token_1", "Transpose_token"],
  ] as const) {
    it(`${name} is ${layer}`, () => assert.equal(layerOf(name), layer));
  }
});

describe("the pass of a node", () => {
  const graph = lower(trainStepGraph(tinyConfig()), cpu);
  const places = placesOf(graph);
  /** Names of the nodes of a pass through a layer. */
  const names = (layer: string, pass: string) =>
    [...places].filter(([, place]) => place.layer === layer && place.pass === pass).map(([name]) => name);

  it("is known of every node of a training step", () => {
    assert.deepEqual(
      [...places.keys()],
      graph.nodes.map(({ name }) => name),
    );
  });

  it("tells a convolution's gradients apart", () => {
    const scope = "/grad/layer2/0/conv1/Conv/";
    const [input, weight] = [
      names("layer2.0.conv1", "input gradient"),
      names("layer2.0.conv1", "weight gradient"),
    ];
    assert.ok(
      input.length > 0 && input.every((name) => name.startsWith(`${scope}ConvInputGradient/`)),
      input.join(", "),
    );
    assert.ok(
      weight.length > 0 && weight.every((name) => name.startsWith(`${scope}ConvWeightGradient/`)),
      weight.join(", "),
    );
    assert.deepEqual(names("layer2.0.conv1", "forward"), ["/layer2/0/conv1/Conv"]);
  });

  it("of the first layer's gradient is its weights', since pictures need none", () => {
    assert.deepEqual(names("conv1", "input gradient"), []);
    assert.ok(names("conv1", "weight gradient").length > 0);
  });

  it("of what the layer below needs is the input's, sums on the way to it included", () => {
    for (const layer of ["normalize", "objective", "Relu"]) {
      assert.ok(names(layer, "input gradient").length > 0, layer);
      assert.deepEqual(names(layer, "weight gradient"), [], layer);
    }
    for (const pass of ["input gradient", "weight gradient"]) assert.ok(names("fc", pass).length > 0, pass);
  });

  it("is that of a convolution's own layer, where lowering has named it after what it adds to it", () => {
    const builder = new GraphBuilder("net");
    const { op } = builder;
    const weight = builder.parameter("layer1.0.conv1.weight", [4, 4, 3, 3], { kind: "constant", value: 1 });
    const dy = builder.input("dy", "float32", [2, 4, 8, 8]);
    const dx = builder.scope("grad/layer1/0/Relu_1/Add", () =>
      op.conv(dy, op.transpose(weight, [1, 0, 2, 3])),
    );
    builder.output(
      "y",
      builder.scope("grad/layer0/Relu", () => op.neg(dx)),
    );
    const { layer, pass } = placesOf(builder.build()).get("/grad/layer1/0/Relu_1/Add/Conv")!;
    assert.deepEqual([layer, pass], ["layer1.0.conv1", "input gradient"]);
  });

  it("is none for the optimizer and the bank", () => {
    for (const layer of ["optimizer", "bank update"]) {
      const own = [...places.values()].filter((place) => place.layer === layer);
      assert.ok(own.length > 0 && own.every(({ pass }) => pass === "other"), layer);
    }
  });
});
