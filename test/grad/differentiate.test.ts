import assert from "node:assert/strict";
import { differentiate, gradientName } from "../../src/grad/differentiate.js";
import type { Graph, Value } from "../../src/ir/graph.js";
import type { OpKind } from "../../src/ir/opTable.js";
import { showShape, type Shape } from "../../src/ir/shape.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { evaluate, ndArray } from "../support/reference.js";

/** A graph of float32 inputs whose output "loss" is what `body` returns. */
function lossOf(
  inputs: Readonly<Record<string, Shape>>,
  body: (builder: GraphBuilder, ...values: Value[]) => Value,
): Graph {
  const builder = new GraphBuilder("net");
  const values = Object.entries(inputs).map(([name, shape]) => builder.input(name, "float32", shape));
  builder.output("loss", body(builder, ...values));
  return builder.build();
}

const kinds = (graph: Graph): OpKind[] => graph.nodes.map(({ op }) => op);
const count = (graph: Graph, op: OpKind): number => kinds(graph).filter((kind) => kind === op).length;

describe("differentiate", () => {
  it("keeps the outputs and adds one gradient an input, in the order asked for", () => {
    const forward = lossOf({ a: [2], b: [2] }, ({ op }, a, b) => op.reduceSum(op.mul(a, b)));
    const graph = differentiate(forward, "loss", ["b", "a"]);
    assert.deepEqual(
      graph.outputs.map(({ name, value }) => `${name} ${value.dtype} ${showShape(value.shape)}`),
      ["loss float32 []", "grad/b float32 [2]", "grad/a float32 [2]"],
    );
    assert.equal(gradientName("a"), "grad/a");
  });

  it("leaves the forward graph as it was, and repeats its nodes first", () => {
    const forward = lossOf({ a: [2] }, ({ op }, a) => op.reduceSum(op.exp(a)));
    const before = JSON.stringify(forward.nodes);
    const graph = differentiate(forward, "loss", ["a"]);
    assert.equal(JSON.stringify(forward.nodes), before);
    assert.deepEqual(graph.nodes.slice(0, forward.nodes.length), forward.nodes);
    assert.ok(graph.nodes.slice(forward.nodes.length).every(({ name }) => name.startsWith("/grad/")));
  });

  it("keeps parameters", () => {
    const builder = new GraphBuilder("net");
    const weight = builder.parameter("weight", [2], { kind: "constant", value: 0 });
    builder.output("loss", builder.op.reduceSum(weight));
    const { parameters } = differentiate(builder.build(), "loss", ["weight"]);
    assert.deepEqual([...parameters.keys()], ["weight"]);
  });

  it("names gradient nodes after the node that they undo", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", [2]);
    const y = builder.scope("layer1", () => builder.op.sigmoid(x));
    builder.output("loss", builder.op.reduceSum(y));
    const { nodes } = differentiate(builder.build(), "loss", ["x"]);
    assert.ok(nodes.some(({ name }) => name === "/grad/layer1/Sigmoid/Mul"));
  });

  it("adds up the gradients of a value used twice", () => {
    const forward = lossOf({ x: [2] }, ({ op }, x) => op.reduceSum(op.add(op.mul(x, x), x)));
    const graph = differentiate(forward, "loss", ["x"]);
    const gradient = evaluate(graph, new Map([["x", ndArray([2], [3, -5])]])).get("grad/x")!;
    assert.deepEqual([...gradient.data], [7, -9]);
  });

  it("adds up gradients on the way, not only at inputs", () => {
    const forward = lossOf({ x: [] }, ({ op }, x) => {
      const y = op.exp(x);
      return op.add(op.mul(y, y), y);
    });
    const graph = differentiate(forward, "loss", ["x"]);
    const gradient = evaluate(graph, new Map([["x", ndArray([], [0])]])).get("grad/x")!;
    assert.deepEqual([...gradient.data], [3]);
    assert.equal(graph.nodes.filter(({ name }) => name.startsWith("/grad/Exp/Mul")).length, 1);
  });

  for (const { x, y } of [
    { x: [3], y: [2, 3] },
    { x: [1, 3], y: [2, 3] },
    { x: [], y: [2, 3] },
    { x: [1], y: [2, 3] },
    { x: [2, 1, 1], y: [4, 2, 2, 3] },
    { x: [3], y: ["batch", 3] },
  ] satisfies { x: Shape; y: Shape }[]) {
    it(`sums a gradient ${showShape(y)} to ${showShape(x)} in one ReduceSum`, () => {
      const forward = lossOf({ x, y }, ({ op }, x, y) => op.reduceSum(op.add(x, y)));
      const graph = differentiate(forward, "loss", ["x"]);
      assert.equal(count(graph, "ReduceSum") - count(forward, "ReduceSum"), 1);
      const sizes = y.map((dim) => (typeof dim === "string" ? 5 : dim));
      const total = sizes.reduce((product, size) => product * size, 1);
      const feeds = new Map([
        ["x", ndArray(x, new Float64Array(x.reduce((product, size) => product * size, 1)))],
        ["y", ndArray(sizes, new Float64Array(total))],
      ]);
      const gradient = evaluate(graph, feeds).get("grad/x")!;
      assert.ok(gradient.data.every((element) => element === total / gradient.data.length));
    });
  }

  it("sums nothing where nothing was broadcast", () => {
    const forward = lossOf({ a: [2], b: [2] }, ({ op }, a, b) => op.reduceSum(op.mul(a, b)));
    const graph = differentiate(forward, "loss", ["a", "b"]);
    assert.equal(count(graph, "ReduceSum"), count(forward, "ReduceSum"));
  });

  it("builds nothing for inputs that were not asked for", () => {
    const forward = lossOf({ x: [1, 1, 4, 4], w: [1, 1, 3, 3] }, ({ op }, x, w) =>
      op.reduceSum(op.conv(x, w)),
    );
    const onlyWeights = differentiate(forward, "loss", ["w"]);
    assert.equal(count(onlyWeights, "ConvInputGradient"), 0);
    assert.equal(count(onlyWeights, "ConvWeightGradient"), 1);
    const both = differentiate(forward, "loss", ["x", "w"]);
    assert.equal(both.nodes.length, onlyWeights.nodes.length + 1);
  });

  it("builds nothing below the inputs asked for", () => {
    const forward = lossOf({ x: [2], w: [2] }, ({ op }, x, w) => op.reduceSum(op.mul(op.exp(op.exp(x)), w)));
    const graph = differentiate(forward, "loss", ["w"]);
    assert.ok(!graph.nodes.some(({ name }) => name.startsWith("/grad/Exp")));
  });

  it("builds nothing for outputs that the loss does not use", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", [2]);
    builder.output("loss", builder.op.reduceSum(x));
    builder.output("other", builder.op.exp(x));
    const graph = differentiate(builder.build(), "loss", ["x"]);
    assert.ok(!graph.nodes.some(({ name }) => name.startsWith("/grad/Exp")));
  });

  it("takes the gradient of an input that is the loss itself", () => {
    const graph = differentiate(
      lossOf({ x: [] }, (_, x) => x),
      "loss",
      ["x"],
    );
    assert.deepEqual([...evaluate(graph, new Map([["x", ndArray([], [7])]])).get("grad/x")!.data], [1]);
  });

  it("takes a loss of one element and any rank", () => {
    const graph = differentiate(
      lossOf({ x: [1, 1] }, ({ op }, x) => op.mul(x, x)),
      "loss",
      ["x"],
    );
    const gradient = evaluate(graph, new Map([["x", ndArray([1, 1], [4])]])).get("grad/x")!;
    assert.deepEqual(gradient, ndArray([1, 1], [8]));
  });

  it("goes through a chain of ten thousand nodes", () => {
    const forward = lossOf({ x: [] }, ({ op }, x) => {
      let y = x;
      for (let depth = 0; depth < 10_000; depth++) y = op.neg(y);
      return y;
    });
    const gradient = evaluate(differentiate(forward, "loss", ["x"]), new Map([["x", ndArray([], [1])]]));
    assert.deepEqual([...gradient.get("grad/x")!.data], [1]);
  }).timeout(20_000);

  describe("refuses", () => {
    const refuses = (graph: Graph, wanted: string[], message: string, loss = "loss") =>
      assert.throws(() => differentiate(graph, loss, wanted), { name: "GradientError", message });

    it("a loss that is no output", () => {
      const graph = lossOf({ x: [] }, ({ op }, x) => op.exp(x));
      refuses(graph, ["x"], 'differentiate net: has no output "cost", expected one of loss', "cost");
    });

    it("a loss of many elements", () => {
      const graph = lossOf({ x: ["batch", 3] }, ({ op }, x) => op.exp(x));
      refuses(
        graph,
        ["x"],
        "differentiate net: loss is /Exp_output_0 float32 [batch, 3], expected one float; reduce it first",
      );
    });

    it("a loss of whole numbers", () => {
      const graph = lossOf({ x: [] }, ({ op }, x) => op.cast(x, "int64"));
      refuses(
        graph,
        ["x"],
        "differentiate net: loss is /Cast_output_0 int64 [], expected one float; reduce it first",
      );
    });

    it("an unknown input", () => {
      const graph = lossOf({ x: [] }, ({ op }, x) => op.exp(x));
      assert.throws(() => differentiate(graph, "loss", ["y"]), {
        name: "GradientError",
        message: /has no input "y"/,
      });
    });

    it("an input of whole numbers", () => {
      const builder = new GraphBuilder("net");
      const rows = builder.input("rows", "int64", [2]);
      const data = builder.input("data", "float32", [3]);
      builder.output("loss", builder.op.reduceSum(builder.op.gather(data, rows)));
      assert.throws(() => differentiate(builder.build(), "loss", ["rows"]), {
        name: "GradientError",
        message: /input rows int64 \[2\], expected a float dtype/,
      });
    });

    it("inputs without a way to the loss, naming all of them", () => {
      const graph = lossOf({ x: [], y: [], z: [] }, ({ op }, x) => op.exp(x));
      refuses(
        graph,
        ["x", "y", "z"],
        "differentiate net: no path from y, z to loss; leave these inputs out or use them",
      );
    });

    it("inputs that reach the loss through a comparison only", () => {
      const graph = lossOf({ x: [2], y: [2] }, ({ op }, x, y) =>
        op.reduceSum(op.where(op.greater(x, op.scalar(0)), y, op.scalar(0))),
      );
      refuses(graph, ["x"], "differentiate net: no path from x to loss; leave these inputs out or use them");
    });

    it("an operator without a gradient on the way, giving its reason", () => {
      const graph = lossOf({ x: [3] }, (builder, x) => {
        const k = builder.constant({ dtype: "int64", shape: [1], data: [2] });
        return builder.op.reduceSum(builder.op.topK(x, k).values);
      });
      refuses(
        graph,
        ["x"],
        "/TopK (TopK): has no gradient: it ranks neighbours after training and is never on the way to a loss; " +
          "keep it off the way to the loss",
      );
    });
  });
});
