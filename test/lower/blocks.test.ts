/** @file Passes that keep feature maps in blocks, and that save passes over memory. */

import assert from "node:assert/strict";
import type { Graph, Value } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import { addParts } from "../../src/lower/passes/addParts.js";
import { divideFirst } from "../../src/lower/passes/divideFirst.js";
import { multiplyMasks } from "../../src/lower/passes/multiplyMasks.js";
import type { Pass } from "../../src/lower/rewrite.js";
import { simplify } from "../../src/lower/simplify.js";
import { blockedCpu } from "../../src/lower/targets/blockedCpu.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import type { OpBuilder } from "../../src/ops/table.js";
import { BLOCK } from "../support/block.js";
import { uniform } from "../support/opCases/draw.js";
import { evaluate, ndArray, type Feeds } from "../support/reference.js";

const MAPS = [2, BLOCK, 4, 4];

/** A graph of feature maps x and z [2, block, 4, 4] and weights w [block, block, 3, 3]. */
function graphOf(build: (op: OpBuilder, x: Value, z: Value, w: Value) => Value): Graph {
  const builder = new GraphBuilder("net");
  const [x, z] = [builder.input("x", "float32", MAPS), builder.input("z", "float32", MAPS)];
  const w = builder.input("w", "float32", [BLOCK, BLOCK, 3, 3]);
  builder.output("y", build(builder.op, x, z, w));
  return builder.build();
}

const pads = [1, 1, 1, 1];
const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);

function feedsOf(graph: Graph): Feeds {
  const random = uniform(7);
  return new Map(
    graph.inputs.map(({ name, shape }) => {
      const sizes = shape as readonly number[];
      const count = sizes.reduce((product, size) => product * size, 1);
      return [
        name,
        ndArray(
          sizes,
          Array.from({ length: count }, () => random() - 0.5),
        ),
      ];
    }),
  );
}

/** Both graphs compute the same. */
function assertSame(found: Graph, original: Graph): void {
  const feeds = feedsOf(original);
  const [ours, truth] = [evaluate(found, feeds).get("y")!, evaluate(original, feeds).get("y")!];
  assert.deepEqual(ours.shape, truth.shape);
  ours.data.forEach((number, at) => assert.ok(Math.abs(number - truth.data[at]!) < 1e-9, `element ${at}`));
}

describe("graphs in blocks", () => {
  const lowered = (graph: Graph): Graph => {
    const found = lower(graph, blockedCpu(BLOCK));
    assertSame(found, graph);
    return found;
  };
  /** Feature maps that go into blocks and out of them; weights do too. */
  const reordered = ({ nodes }: Graph): string[] =>
    nodes
      .filter(({ op, outputs: [y] }) => op.startsWith("Reorder") && y!.shape.join() === MAPS.join())
      .map(({ op }) => op);

  it("go into them once and out of them once, whatever is computed between", () => {
    const graph = graphOf((op, x, _, w) => {
      const first = op.relu(op.conv(x, w, { pads }));
      return op.conv(op.mul(op.add(first, op.neg(first)), first), w, { pads });
    });
    assert.deepEqual(reordered(lowered(graph)), ["ReorderInput", "ReorderOutput"]);
  });

  it("bring in what did not come in blocks", () => {
    const graph = graphOf((op, x, z, w) => op.conv(op.sub(op.conv(x, w, { pads }), z), w, { pads }));
    assert.deepEqual(reordered(lowered(graph)), ["ReorderInput", "ReorderInput", "ReorderOutput"]);
  });

  it("stay out of blocks where an operator needs neighbours that blocks part", () => {
    const graph = graphOf((op, x, _, w) =>
      op.conv(op.transpose(op.conv(x, w, { pads }), [0, 1, 3, 2]), w, { pads }),
    );
    assert.deepEqual(reordered(lowered(graph)), [
      "ReorderInput",
      "ReorderOutput",
      "ReorderInput",
      "ReorderOutput",
    ]);
  });

  it("add and rectify in the convolution that comes before", () => {
    const graph = graphOf((op, x, z, w) => op.relu(op.add(z, op.conv(x, w, { pads }))));
    const found = lowered(graph);
    const [convolution] = found.nodes.filter(({ op }) => op === "BlockedConv");
    assert.equal(convolution!.attributes["activation"], "Relu");
    assert.notEqual(convolution!.inputs[3], null);
    assert.ok(!opsOf(found).some((op) => op === "Add" || op === "Relu"));
  });

  it("keep the sum where the convolution is read elsewhere too", () => {
    const graph = graphOf((op, x, z, w) => {
      const y = op.conv(x, w, { pads });
      return op.mul(op.add(y, z), y);
    });
    assert.ok(opsOf(lowered(graph)).includes("Add"));
  });

  it("keep what follows a rectified convolution apart", () => {
    const graph = graphOf((op, x, z, w) => op.add(op.relu(op.conv(x, w, { pads })), z));
    assert.ok(opsOf(lowered(graph)).includes("Add"));
  });
});

describe("a pass", () => {
  const after = (pass: Pass, graph: Graph): Graph => {
    const found = simplify(graph, [pass]);
    assertSame(found, graph);
    return found;
  };

  it("multiplies by a mask in place of a choice between x and 0", () => {
    const masked = graphOf((op, x, z) => op.where(op.greater(x, op.scalar(0, x)), z, op.scalar(0, z)));
    assert.deepEqual(opsOf(after(multiplyMasks, masked)), ["HardSigmoid", "Mul"]);
  });

  const kept: readonly [title: string, build: Parameters<typeof graphOf>[0]][] = [
    ["another threshold", (op, x, z) => op.where(op.greater(x, op.scalar(1, x)), z, op.scalar(0, z))],
    ["another value", (op, x, z) => op.where(op.greater(x, op.scalar(0, x)), z, op.scalar(1, z))],
    ["the other order", (op, x, z) => op.where(op.greater(op.scalar(0, x), x), z, op.scalar(0, z))],
    [
      "a mask that broadcasts",
      (op, x, z) => op.where(op.greater(op.reduceSum(x, [1], true), op.scalar(0, x)), z, op.scalar(0, z)),
    ],
  ];
  for (const [title, build] of kept) {
    it(`keeps the choice with ${title}`, () => {
      assert.ok(opsOf(after(multiplyMasks, graphOf(build))).includes("Where"));
    });
  }

  it("divides a factor for each row before it multiplies", () => {
    const graph = graphOf((op, x, z) => {
      const [sum, rate] = [op.exp(op.reduceSum(x, [3], true)), op.reduceMax(z, [3], true)];
      return op.mul(rate, op.div(x, sum));
    });
    const { nodes } = after(divideFirst, graph);
    assert.deepEqual(nodes.find(({ op }) => op === "Div")!.outputs[0]!.shape, [2, BLOCK, 4, 1]);
  });

  it("adds parts, and leaves out those that are zero", () => {
    const graph = graphOf((op, x, z) => {
      const zero = op.expand(op.scalar(0, x), MAPS);
      const [a, b] = [op.concat([op.exp(x), z], 1), op.concat([op.exp(z), zero], 1)];
      return op.add(op.reshape(a, [4, BLOCK * 16]), op.reshape(b, [4, BLOCK * 16]));
    });
    assert.deepEqual(opsOf(after(addParts, graph)).sort(), ["Add", "Concat", "Exp", "Exp", "Reshape"]);
  });

  it("adds wholes where the parts are others", () => {
    const graph = graphOf((op, x, z) =>
      op.add(op.concat([x, z, x], 1), op.concat([op.concat([z, z], 1), x], 1)),
    );
    assert.equal(opsOf(after(addParts, graph)).filter((op) => op === "Add").length, 1);
  });
});
