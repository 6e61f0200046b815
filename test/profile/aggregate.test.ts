import assert from "node:assert/strict";
import { GraphBuilder } from "../../src/ops/builder.js";
import { groupNodes, nodeTimes, RUNTIME_LAYER, sumOf } from "../../src/profile/aggregate.js";
import type { Kernel, TracedRun } from "../../src/profile/trace.js";

const kernel = (name: string, op: string, ms: number, bytes = 0): Kernel => ({
  ...{ name, op, ms, bytes },
  shapes: "",
});
const run = (...kernels: readonly Kernel[]): TracedRun => ({ ms: 10, kernels });

/** x [batch, 8] · w [8, 4], twice the result. */
function graph() {
  const builder = new GraphBuilder("net");
  const { op } = builder;
  const x = builder.input("x", "float32", ["batch", 8]);
  const product = builder.scope("fc", () => op.matMul(x, builder.input("w", "float32", [8, 4])));
  builder.output("y", op.add(product, product));
  return builder.build();
}

describe("the times of nodes", () => {
  const runs = [
    run(
      kernel("/fc/MatMul", "MatMul", 3),
      kernel("/Add", "Add", 1),
      kernel("Reorder_token", "Reorder", 2, 100),
    ),
    run(
      kernel("/fc/MatMul", "MatMul", 2),
      kernel("/Add", "Add", 4),
      kernel("Reorder_token", "Reorder", 2, 100),
    ),
  ];
  const nodes = nodeTimes(runs, graph(), { batch: 3 });

  it("are the least of the runs, in the order of the kernels", () => {
    assert.deepEqual(
      nodes.map(({ name, ms, calls }) => [name, ms, calls]),
      [
        ["/fc/MatMul", 2, 1],
        ["/Add", 1, 1],
        ["Reorder_token", 2, 1],
      ],
    );
  });

  it("come with the arithmetic and the traffic of their nodes, for the sizes of the run", () => {
    const [product, sum] = nodes;
    assert.deepEqual([product!.flops, product!.bytes], [2 * 3 * 4 * 8, 4 * (3 * 8 + 8 * 4 + 3 * 4)]);
    assert.deepEqual([sum!.flops, sum!.bytes], [3 * 4, 4 * 3 * (3 * 4)]);
  });

  it("have a layer of their own where they are of no node of the graph, with the traffic that the runtime tells", () => {
    const { layer, pass, flops, bytes } = nodes[2]!;
    assert.deepEqual([layer, pass, flops, bytes], [RUNTIME_LAYER, "other", 0, 100]);
  });

  it("take layers from names where the graph is not known", () => {
    const [product] = nodeTimes(runs, null, {});
    assert.deepEqual([product!.layer, product!.pass, product!.flops], ["fc", "forward", 0]);
  });

  it("count all calls of a node in a run", () => {
    const [inner] = nodeTimes([run(kernel("/Add", "Add", 1), kernel("/Add", "Add", 2))], graph(), {
      batch: 3,
    });
    assert.deepEqual([inner!.calls, inner!.ms, inner!.flops], [2, 3, 2 * 12]);
  });

  it("add up by whatever groups them, the slowest group first", () => {
    const ceilings = { gflopPerSecond: 1e-6, gbPerSecond: 1e-6 }; // one operation or byte a ms
    const groups = groupNodes(nodes, ({ layer }) => layer, ceilings);
    assert.deepEqual(
      groups.map(({ name, ms }) => [name, ms]),
      [
        ["fc", 2],
        [RUNTIME_LAYER, 2],
        ["Add", 1],
      ],
    );
    const all = sumOf("all", nodes, ceilings);
    assert.equal(all.ms, 5);
    // The product is bound by 192 operations and not by 272 bytes' worth: the larger of both counts.
    assert.equal(all.idealMs, Math.max(192, 272) + Math.max(12, 144) + 100);
  });
});
