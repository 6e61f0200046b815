import assert from "node:assert/strict";
import type { Graph } from "../../src/ir/graph.js";
import { printGraph } from "../../src/ir/print.js";
import { GraphBuilder } from "../../src/ops/builder.js";

/** The lines that stand under a title. */
function section(listing: string, title: string): string[] {
  const lines = listing.split("\n");
  const start = lines.indexOf(title);
  return start < 0
    ? []
    : lines.slice(start + 1, lines.indexOf("", start)).map((line) => line.trim().replace(/ {2,}/g, "  "));
}

function pooling(): Graph {
  const builder = new GraphBuilder("pooling");
  const x = builder.input("x", "float32", ["batch", 1, 4, 4]);
  const { Y, Indices } = builder.op.maxPoolWithIndices(x, { kernelShape: [2, 2], strides: [2, 2] });
  const doubled = builder.op.add(Indices, Indices);
  builder.output("values", Y);
  builder.output(doubled.name, doubled);
  return builder.build();
}

describe("printGraph", () => {
  it("lists a network so that it can be read", () => {
    const builder = new GraphBuilder("encoder");
    const { op } = builder;
    const x = builder.input("pixel_values", "float32", ["batch", 3, 32, 32]);
    const features = builder.scope("layer1", () => {
      const w = builder.parameter("conv.weight", [16, 3, 3, 3], { kind: "normal", std: Math.sqrt(2 / 27) });
      const [scale, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map(
        (name, at) =>
          builder.parameter(`bn.${name}`, [16], { kind: "constant", value: at % 3 === 0 ? 1 : 0 }, at < 2),
      ) as [typeof x, typeof x, typeof x, typeof x];
      const y = op.conv(x, w, { pads: [1, 1, 1, 1], strides: [2, 2] });
      return op.relu(op.batchNormalization(y, { scale, bias, mean, variance }, 1e-5));
    });
    const fc = builder.parameter("fc.weight", [128, 16], { kind: "uniform", bound: 0.25 });
    const pooled = op.reduceMean(features, [2, 3]);
    builder.output("image_embeds", op.l2Normalize(op.gemm(pooled, fc, null, { transB: 1 })));
    assert.equal(
      printGraph(builder.build()),
      `graph encoder
  inputs      1
  outputs     1
  nodes       9
  trainable   4, of 2512 numbers
  statistics  2, of 32 numbers

inputs
  pixel_values                                 float32 [batch, 3, 32, 32]
  layer1.conv.weight                           float32 [16, 3, 3, 3]          trainable, normal with std 0.272166
  layer1.bn.weight                             float32 [16]                   trainable, all 1
  layer1.bn.bias                               float32 [16]                   trainable, all 0
  layer1.bn.running_mean                       float32 [16]                   statistic, all 0
  layer1.bn.running_var                        float32 [16]                   statistic, all 1
  fc.weight                                    float32 [128, 16]              trainable, uniform in ±0.25

nodes
  /layer1/Conv                                 float32 [batch, 16, 16, 16]    = Conv(pixel_values, layer1.conv.weight) {strides=[2,2] pads=[1,1,1,1]}
  /layer1/BatchNormalization                   float32 [batch, 16, 16, 16]    = BatchNormalization(/layer1/Conv, layer1.bn.weight, layer1.bn.bias, layer1.bn.running_mean, layer1.bn.running_var)
  /layer1/Relu                                 float32 [batch, 16, 16, 16]    = Relu(/layer1/BatchNormalization)
  /ReduceMean                                  float32 [batch, 16]            = ReduceMean(/layer1/Relu, int64[2](2,3)) {keepdims=0}
  /Gemm                                        float32 [batch, 128]           = Gemm(/ReduceMean, fc.weight) {transB=1}
  /ReduceSumSquare                             float32 [batch, 1]             = ReduceSumSquare(/Gemm, int64[1](-1))
  /Add                                         float32 [batch, 1]             = Add(/ReduceSumSquare, float32(1e-24))
  /Sqrt                                        float32 [batch, 1]             = Sqrt(/Add)
  /Div                                         float32 [batch, 128]           = Div(/Gemm, /Sqrt)

outputs
  image_embeds                                 float32 [batch, 128]           = /Div
`,
    );
  });

  it("gives all outputs of a node on its line, and refers to the second by number", () => {
    assert.deepEqual(section(printGraph(pooling()), "nodes"), [
      "/MaxPool  float32 [batch, 1, 2, 2]; :1 int64 [batch, 1, 2, 2] = MaxPool(x) {kernelShape=[2,2] strides=[2,2]}",
      "/Add  int64 [batch, 1, 2, 2]  = Add(/MaxPool:1, /MaxPool:1)",
    ]);
  });

  it("shows a value's own name where it is not that of its node", () => {
    const graph = pooling();
    const [pool, add] = graph.nodes as [Graph["nodes"][number], Graph["nodes"][number]];
    const values = { ...pool.outputs[0]!, name: "values" };
    const renamed: Graph = {
      ...graph,
      nodes: [{ ...pool, outputs: [values, pool.outputs[1]!] }, add],
      outputs: [{ name: "values", value: values }],
    };
    assert.equal(
      section(printGraph(renamed), "nodes")[0],
      "/MaxPool  values float32 [batch, 1, 2, 2]; :1 int64 [batch, 1, 2, 2] = MaxPool(x) {kernelShape=[2,2] strides=[2,2]}",
    );
    assert.deepEqual(section(printGraph(renamed), "outputs"), ["values  float32 [batch, 1, 2, 2]"]);
  });

  it("shows the beginning of a long constant and changes with any number of it", () => {
    const list = (last: number) => {
      const builder = new GraphBuilder("map");
      const data = Array.from({ length: 20 }, (_, at) => (at < 19 ? at : last));
      builder.output("y", builder.op.identity(builder.constant({ dtype: "int64", shape: [4, 5], data })));
      return section(printGraph(builder.build()), "constants");
    };
    assert.match(
      list(19)[0]!,
      /^\/constant  int64 \[4, 5\]  = 0, 1, 2, 3, 4, 5, 6, 7, … checksum [0-9a-f]{8}$/,
    );
    assert.notDeepEqual(list(19), list(18));
    assert.deepEqual(list(19), list(19));
  });

  it("marks an absent input that others follow, and leaves out those at the end", () => {
    const builder = new GraphBuilder("gaps");
    const x = builder.input("x", "float32", [2]);
    builder.output("y", builder.op.pad(x, [1, 1]));
    assert.deepEqual(section(printGraph(builder.build()), "nodes"), [
      "/Pad  float32 [4]  = Pad(x, int64[2](1,1))",
    ]);
    const graph = builder.build();
    const [pad] = graph.nodes;
    const gap: Graph = { ...graph, nodes: [{ ...pad!, inputs: [null, ...pad!.inputs.slice(1, 2)] }] };
    assert.deepEqual(section(printGraph(gap), "nodes"), ["/Pad  float32 [4]  = Pad(-, int64[2](1,1))"]);
  });

  it("ends no line with a space and the listing with one line break", () => {
    const listing = printGraph(pooling());
    assert.doesNotMatch(listing, / $/m);
    assert.match(listing, /[^\n]\n$/);
  });
});
