import assert from "node:assert/strict";
import { lower } from "../../src/lower/lower.js";
import { nodeKey } from "../../src/lower/nodeKey.js";
import { blockedCpu } from "../../src/lower/targets/blockedCpu.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { betweenBlocks } from "../../src/tune/betweenBlocks.js";
import { oneNodeGraph } from "../../src/tune/oneNodeGraph.js";

describe("a node as it is timed", () => {
  const builder = new GraphBuilder("one");
  const dy = builder.input("dy", "float32", [2, 16, 8, 8]);
  const w = builder.input("w", "float32", [16, 16, 3, 3]);
  builder.output("dx", builder.op.convInputGradient(dy, w, { pads: [1, 1, 1, 1], inputSize: [8, 8] }));
  const whole = builder.build();
  const [node] = whole.nodes;
  const graph = betweenBlocks(oneNodeGraph(node!, whole), 16);
  const lowered = (way: string) => lower(graph, blockedCpu(16), new Map([[nodeKey(node!), way]]));

  it("is the same question among blocks", () => {
    assert.equal(nodeKey(graph.nodes[1]!), nodeKey(node!));
  });

  it("takes and gives feature maps in blocks, where it works in blocks", () => {
    const { nodes, outputs } = lowered("blockedFlippedConv");
    const convolution = nodes.find(({ op }) => op === "BlockedConv")!;
    assert.equal(convolution.inputs[0]!.name, "dy");
    assert.equal(outputs[0]!.value.name, convolution.outputs[0]!.name);
  });

  it("pays for the way out of blocks and back, where it does not", () => {
    const ops = lowered("convTranspose").nodes.map(({ op }) => op);
    assert.deepEqual(ops, ["ReorderOutput", "ConvTranspose", "ReorderInput"]);
  });
});
