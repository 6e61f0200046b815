import assert from "node:assert/strict";
import { lower } from "../../src/lower/lower.js";
import { blockedCpu } from "../../src/lower/targets/blockedCpu.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { oneNodeGraph } from "../../src/tune/oneNodeGraph.js";
import { withoutBoundaryReorders } from "../../src/tune/withoutBoundaryReorders.js";

describe("a node as it is timed", () => {
  it("takes and gives feature maps in blocks, and brings its weights there", () => {
    const builder = new GraphBuilder("one");
    const x = builder.input("x", "float32", [2, 16, 8, 8]);
    const w = builder.input("w", "float32", [16, 16, 3, 3]);
    builder.output("y", builder.op.convInputGradient(x, w, { pads: [1, 1, 1, 1], inputSize: [8, 8] }));
    const whole = builder.build();
    const [node] = whole.nodes;
    const lowered = lower(oneNodeGraph(node!, whole), blockedCpu(16));
    const bare = withoutBoundaryReorders(lowered, node!);
    const [before, after] = [lowered, bare].map(({ nodes }) => nodes.map(({ op }) => op));
    assert.equal(before!.filter((op) => op.startsWith("Reorder")).length, 4);
    assert.equal(after!.filter((op) => op.startsWith("Reorder")).length, 2);
    const convolution = bare.nodes.find(({ op }) => op === "BlockedConv")!;
    assert.equal(convolution.inputs[0]!.name, "x");
    assert.equal(bare.outputs[0]!.value.name, convolution.outputs[0]!.name);
    assert.equal(bare.outputs[0]!.name, convolution.outputs[0]!.name);
  });
});
