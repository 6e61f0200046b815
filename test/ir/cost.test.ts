import assert from "node:assert/strict";
import { costOf, nodeBytes } from "../../src/ir/cost.js";
import { GraphBuilder } from "../../src/ops/builder.js";

describe("the cost of a graph", () => {
  it("counts two operations for each product of a convolution", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", ["batch", 3, 8, 8]);
    const w = builder.input("w", "float32", [4, 3, 3, 3]);
    builder.output("y", builder.op.conv(x, w, { pads: [1, 1, 1, 1] }));
    // 4 filters of 3·3·3 weights at 8·8 places, for each of two pictures
    assert.equal(costOf(builder.build(), { batch: 2 }).flops, 2 * 2 * 4 * 27 * 64);
  });

  it("counts two operations for each product of matrices, transposed or not", () => {
    const builder = new GraphBuilder("net");
    const a = builder.input("a", "float32", [5, 7]);
    const b = builder.input("b", "float32", [5, 3]);
    const c = builder.op.gemm(a, b, null, { transA: 1 }); // [7, 3] from 5 products each
    builder.output("d", builder.op.matMul(c, builder.input("e", "float32", [3, 2]))); // [7, 2] from 3
    assert.equal(costOf(builder.build()).flops, 2 * 7 * 3 * 5 + 2 * 7 * 2 * 3);
  });

  it("counts the bytes that a node reads and writes: of a slice what it takes, of a view none", () => {
    const builder = new GraphBuilder("net");
    const { op } = builder;
    const x = builder.input("x", "float32", ["batch", 10]); // 3 · 10 numbers
    const part = op.slice(op.neg(x), [{ axis: 1, start: 0, end: 2 }]); // 3 · 2 of them
    builder.output("y", op.flatten(part));
    const bytes = builder.build().nodes.map((node) => [node.op, nodeBytes(node, { batch: 3 })]);
    assert.deepEqual(bytes, [
      ["Neg", 4 * (30 + 30)],
      ["Slice", 4 * (6 + 6)],
      ["Flatten", 0],
    ]);
  });

  it("adds up what lives at once, and nothing for a view", () => {
    const builder = new GraphBuilder("net");
    const { op } = builder;
    const x = builder.input("x", "float32", [100]);
    const first = op.exp(x); // 400 bytes, needed until the end
    const second = op.reshape(op.neg(first), [10, 10]); // 400 bytes and a view of them
    const third = op.transpose(op.exp(second), [1, 0]); // exp and its transpose: 800 more, second is free by then
    builder.output("y", op.mul(op.reshape(third, [100]), first));
    // first, exp(second) and third live together with, for a moment, the product
    assert.equal(costOf(builder.build()).peakBytes, 1200);
  });
});
