import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeModel } from "../../src/codec/encode.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Graph, Value } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import { foldConstants } from "../../src/lower/passes/foldConstants.js";
import { nameOutputs } from "../../src/lower/passes/nameOutputs.js";
import { rankScalars } from "../../src/lower/passes/rankScalars.js";
import { removeDeadNodes } from "../../src/lower/passes/removeDeadNodes.js";
import { shareSubexpressions } from "../../src/lower/passes/shareSubexpressions.js";
import type { Pass } from "../../src/lower/rewrite.js";
import { simplify } from "../../src/lower/simplify.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import type { OpBuilder } from "../../src/ops/table.js";
import { uniform } from "../support/opCases/draw.js";
import { evaluate, ndArray } from "../support/reference.js";
import { runOn } from "../support/runtime.js";

/** A graph with input x [2, 3], and an output y. */
function graphOf(
  build: (op: OpBuilder, x: Value, builder: GraphBuilder) => Value,
  dtype: DType = "float32",
): Graph {
  const builder = new GraphBuilder("net");
  const x = builder.input("x", dtype, [2, 3]);
  builder.output("y", build(builder.op, x, builder));
  return builder.build();
}

const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);

/** After the pass, and the dead nodes that it leaves. */
function after(pass: Pass, graph: Graph): Graph {
  return removeDeadNodes.run(pass.run(graph).graph).graph;
}

function constantOf(graph: Graph, at = 0): { shape: readonly number[]; data: number[] } {
  const { shape, data } = graph.constants.get(graph.outputs[at]!.value.name)!;
  return { shape, data: Array.from(data) };
}

const numbers = (shape: readonly number[], data: readonly number[], dtype: DType = "float32") => ({
  dtype,
  shape,
  data,
});

describe("removeDeadNodes", () => {
  it("drops what no output needs, nodes in chains too, and keeps the inputs", () => {
    const graph = graphOf((op, x, builder) => {
      builder.input("unused", "float32", [1]);
      op.exp(op.add(x, op.scalar(7, x)));
      return op.neg(x);
    });
    const { graph: left, rewrites } = removeDeadNodes.run(graph);
    assert.deepEqual([opsOf(left), rewrites], [["Neg"], 2]);
    assert.deepEqual([left.constants.size, left.inputs.length], [0, 2]);
  });
});

describe("foldConstants", () => {
  const folded = (build: Parameters<typeof graphOf>[0]): { shape: readonly number[]; data: number[] } =>
    constantOf(foldConstants.run(graphOf(build)).graph);

  it("computes arithmetic with broadcasting, rounded as float32", () => {
    const { shape, data } = folded((op, _, builder) =>
      op.div(builder.constant(numbers([2, 1], [1, 2])), builder.constant(numbers([3], [3, 4, 5]))),
    );
    assert.deepEqual([shape, data], [[2, 3], [1 / 3, 1 / 4, 1 / 5, 2 / 3, 2 / 4, 2 / 5].map(Math.fround)]);
  });

  it("divides whole numbers towards zero", () => {
    const { data } = folded((op, _, builder) =>
      op.div(builder.constant(numbers([2], [7, -7], "int64")), builder.constant(numbers([], [2], "int64"))),
    );
    assert.deepEqual(data, [3, -3]);
  });

  it("goes through chains, views and expansions", () => {
    const { shape, data } = folded((op, _, builder) => {
      const four = op.exp(op.log(builder.constant(numbers([2, 1], [4, 4]))));
      return op.expand(op.reshape(four, [1, 2]), [3, 2]);
    });
    assert.deepEqual(shape, [3, 2]);
    data.forEach((number) => assert.ok(Math.abs(number - 4) < 1e-6));
  });

  it("knows the shape of a value of known sizes", () => {
    const graph = graphOf((op, x, builder) => builder.emit("Shape", { data: op.exp(x) }, {}).shape);
    assert.deepEqual(constantOf(foldConstants.run(graph).graph), { shape: [2], data: [2, 3] });
  });

  it("leaves large results to the runtime, and half precision", () => {
    const large = graphOf((op) => op.expand(op.scalar(1, { dtype: "float32" } as Value), [40, 40]));
    assert.equal(foldConstants.run(large).rewrites, 0);
    const half = graphOf((op, x) => op.neg(op.scalar(1, x)), "float16");
    assert.equal(foldConstants.run(half).rewrites, 0);
  });
});

describe("shareSubexpressions", () => {
  it("computes equal nodes once, in chains too", () => {
    const graph = graphOf((op, x) => op.add(op.exp(op.neg(x)), op.exp(op.neg(x))));
    assert.deepEqual(opsOf(after(shareSubexpressions, graph)), ["Neg", "Exp", "Add"]);
  });

  it("knows constants by what they hold, long ones too", () => {
    const graph = graphOf((op, x, builder) => {
      const long = (last: number) =>
        builder.constant(numbers([20, 1, 1], [...Array<number>(19).fill(1), last]));
      return op.concat([op.mul(x, long(2)), op.mul(x, long(2)), op.mul(x, long(3))], 0);
    });
    assert.deepEqual(opsOf(after(shareSubexpressions, graph)), ["Mul", "Mul", "Concat"]);
  });

  it("tells nodes apart by inputs, their order and attributes", () => {
    const graph = graphOf((op, x) => {
      const [a, b] = [op.exp(x), op.neg(x)];
      const parts = [op.sub(a, b), op.sub(b, a), op.softmax(x, 0), op.softmax(x, 1)];
      return parts.reduce((sum, part) => op.add(sum, part));
    });
    assert.equal(shareSubexpressions.run(graph).rewrites, 0);
  });
});

describe("removeIdentities", () => {
  const gone: readonly [title: string, build: (op: OpBuilder, x: Value, builder: GraphBuilder) => Value][] = [
    ["Identity", (op, x) => op.identity(x)],
    [
      "Cast to the same dtype",
      (_, x, builder) => builder.emit("Cast", { input: x }, { to: "float32" }).output,
    ],
    ["x + 0", (op, x) => op.add(x, op.scalar(0, x))],
    ["0 + x", (op, x) => op.add(op.scalar(0, x), x)],
    ["x - 0", (op, x) => op.sub(x, op.scalar(0, x))],
    ["x · 1", (op, x) => op.mul(x, op.scalar(1, x))],
    ["1 · x", (op, x) => op.mul(op.scalar(1, x), x)],
    ["x / 1", (op, x) => op.div(x, op.scalar(1, x))],
    ["Concat of one", (op, x) => op.concat([x], 0)],
    ["Expand to the same shape", (op, x) => op.expand(x, [2, 3])],
    ["Pad by nothing", (op, x) => op.pad(x, [0, 0, 0, 0])],
    ["Transpose that moves no axis", (op, x) => op.transpose(x, [0, 1])],
    ["Transpose and back", (op, x) => op.transpose(op.transpose(x, [1, 0]), [1, 0])],
    ["Reshape to the same shape", (op, x) => op.reshape(x, [2, 3])],
    ["Reshape and back", (op, x) => op.reshape(op.reshape(x, [6]), [2, 3])],
    ["Unsqueeze and Squeeze", (op, x) => op.squeeze(op.unsqueeze(x, [1]), [1])],
  ];

  for (const [title, build] of gone) {
    it(`removes ${title}`, () => {
      const graph = graphOf((op, x, builder) => op.exp(build(op, x, builder)));
      assert.deepEqual(opsOf(simplify(graph)), ["Exp"]);
    });
  }

  const kept: readonly [title: string, build: (op: OpBuilder, x: Value, builder: GraphBuilder) => Value][] = [
    ["0 - x", (op, x) => op.sub(op.scalar(0, x), x)],
    ["1 / x", (op, x) => op.div(op.scalar(1, x), x)],
    [
      "x + 0 that widens x",
      (op, x, builder) => op.add(x, builder.constant(numbers([4, 2, 3], Array<number>(24).fill(0)))),
    ],
    ["Pad that moves the picture but keeps its shape", (op, x) => op.pad(x, [1, 0, -1, 0])],
    [
      "Cast to another dtype",
      (_, x, builder) => builder.emit("Cast", { input: x }, { to: "float64" }).output,
    ],
    ["one Transpose", (op, x) => op.transpose(x, [1, 0])],
  ];

  for (const [title, build] of kept) {
    it(`keeps ${title}`, () => {
      const graph = graphOf(build);
      assert.deepEqual(opsOf(simplify(graph)), opsOf(graph));
    });
  }

  it("joins two transposes and two reshapes into one", () => {
    const graph = graphOf((op, x) => {
      const deep = op.expand(op.unsqueeze(x, [0]), [4, 2, 3]);
      const turned = op.transpose(op.transpose(deep, [1, 2, 0]), [1, 2, 0]);
      return op.reshape(op.flatten(turned, 1), [24]);
    });
    const { nodes } = simplify(graph);
    assert.deepEqual(
      nodes.map(({ op }) => op),
      ["Unsqueeze", "Expand", "Transpose", "Reshape"],
    );
    assert.deepEqual(nodes[2]!.attributes["perm"], [2, 0, 1]);
  });

  it("makes a Reshape of a Transpose that moves only axes of one element", () => {
    const graph = graphOf((op, x) => op.transpose(op.unsqueeze(op.exp(x), [1]), [1, 0, 2]));
    const { nodes } = simplify(graph);
    assert.deepEqual(
      nodes.map(({ op }) => op),
      ["Exp", "Reshape"],
    );
    assert.deepEqual(nodes[1]!.outputs[0]!.shape, [1, 2, 3]);
  });

  it("lets an operator broadcast by itself", () => {
    const graph = graphOf((op, x) => op.mul(x, op.expand(op.reduceSum(x, [1], true), [2, 3])));
    assert.deepEqual(opsOf(simplify(graph)), ["ReduceSum", "Mul"]);
  });

  it("keeps an Expand that gives the result its shape", () => {
    const graph = graphOf((op, x) => {
      const column = op.reduceSum(x, [1], true);
      return op.add(op.expand(column, [2, 3]), column);
    });
    assert.deepEqual(opsOf(simplify(graph)), ["ReduceSum", "Expand", "Add"]);
  });
});

describe("simplify", () => {
  /** A graph of `size` nodes on values [2, 3], each made by a drawn operator of earlier ones. */
  function randomGraph(seed: number, size: number): Graph {
    const random = uniform(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const builder = new GraphBuilder("random");
    const { op } = builder;
    const values = [builder.input("x", "float32", [2, 3]), builder.input("y", "float32", [2, 3])];
    const makers: readonly ((a: Value, b: Value) => Value)[] = [
      (a, b) => op.add(a, b),
      (a, b) => op.sub(a, b),
      (a, b) => op.mul(a, b),
      (a) => op.neg(a),
      (a) => op.identity(a),
      (a) => op.mul(a, op.scalar(1, a)),
      (a) => op.add(op.scalar(0, a), a),
      (a) => op.sub(op.scalar(0, a), a),
      (a) => op.mul(a, op.scale(op.scalar(0.5, a), 3)),
      (a) => op.transpose(op.transpose(a, [1, 0]), [1, 0]),
      (a) => op.reshape(op.transpose(op.reshape(a, [3, 2]), [1, 0]), [2, 3]),
      (a) => op.expand(op.reduceMean(a, [1], true), [2, 3]),
      (a, b) => op.add(a, op.expand(op.reduceSum(b, [0]), [2, 3])),
      (a) => op.squeeze(op.unsqueeze(op.relu(a), [0]), [0]),
      (a) => op.pad(a, [0, 1, 0, -1]),
      (a) => op.expand(op.scalar(2, a), [2, 3]),
      (a) => op.concat([a], 1),
    ];
    for (let at = 0; at < size; at++) values.push(pick(makers)(pick(values), pick(values)));
    [pick(values), values.at(-1)!, pick(values), values[0]!].forEach((value, at) =>
      builder.output(`out${at}`, value),
    );
    return builder.build();
  }

  const feeds = new Map(
    ["x", "y"].map((name, at) => [
      name,
      ndArray(
        [2, 3],
        [0.5, -1, 2, 0.25, -3, 1].map((number) => number + at),
      ),
    ]),
  );

  it("keeps the results of random graphs, and their outputs' names and order", () => {
    let removed = 0;
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 25 }), (seed, size) => {
        const graph = randomGraph(seed, size);
        const simple = simplify(graph);
        removed += graph.nodes.length - simple.nodes.length;
        const [expected, found] = [evaluate(graph, feeds), evaluate(simple, feeds)];
        assert.deepEqual([...found.keys()], [...expected.keys()]);
        for (const [name, { shape, data }] of expected) {
          assert.deepEqual(found.get(name)!.shape, shape);
          const scale = 1 + Math.max(...data.map(Math.abs));
          found
            .get(name)!
            .data.forEach((number, at) => assert.ok(Math.abs(number - data[at]!) <= 1e-6 * scale, name));
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(removed > 300, `${removed} nodes removed`);
  });

  it("finds nothing more in what it has simplified", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const simple = simplify(randomGraph(seed, 20));
        assert.deepEqual(opsOf(simplify(simple)), opsOf(simple));
      }),
      { numRuns: 50 },
    );
  });

  it("keeps the results of random graphs on ONNX Runtime", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const graph = randomGraph(seed, 15);
      const [expected, found] = [evaluate(graph, feeds), await runOn(cpu, graph, feeds)];
      for (const [name, { data }] of expected) {
        const scale = 1 + Math.max(...data.map(Math.abs));
        found
          .get(name)!
          .data.forEach((number, at) =>
            assert.ok(Math.abs(number - data[at]!) <= 1e-5 * scale, `seed ${seed}, ${name}`),
          );
      }
    }
  });
});

describe("nameOutputs", () => {
  it("renames what a node computes, and adds no node", () => {
    const graph = nameOutputs(graphOf((op, x) => op.exp(x)));
    assert.deepEqual(opsOf(graph), ["Exp"]);
    assert.deepEqual([graph.outputs[0]!.value.name, graph.nodes[0]!.outputs[0]!.name], ["y", "y"]);
  });

  it("copies an input, a constant, and a value that leaves twice", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", [2, 3]);
    const y = builder.op.exp(x);
    builder.output("input", x);
    builder.output("constant", builder.op.scalar(3, x));
    builder.output("first", y);
    builder.output("second", y);
    builder.output("after", builder.op.neg(y));
    const graph = nameOutputs(builder.build());
    assert.deepEqual(opsOf(graph), ["Exp", "Neg", "Identity", "Identity", "Identity"]);
    const { outputs } = graph;
    assert.deepEqual(
      outputs.map(({ name }) => name),
      ["input", "constant", "first", "second", "after"],
    );
    assert.ok(outputs.every(({ name, value }) => value.name === name));
  });
});

describe("lower", () => {
  const gradient = (batch: number | string) => {
    const builder = new GraphBuilder("net");
    const [dY, X] = [
      builder.input("dY", "float32", [batch, 2, 2, 2]),
      builder.input("X", "float32", [batch, 2, 4, 4]),
    ];
    builder.output("dW", builder.op.convWeightGradient(dY, X, { kernelShape: [3, 3] }));
    return builder.build();
  };

  it("refuses named sizes where gradients are cut to measure, and says how to build", () => {
    assert.throws(() => lower(gradient("batch"), cpu), {
      name: "LoweringError",
      message:
        "/ConvWeightGradient (ConvWeightGradient): input dY is [batch, 2, 2, 2], expected sizes; " +
        "build the training graph with a fixed batch size",
    });
    assert.ok(lower(gradient(2), cpu).nodes.length > 0);
  });

  it("gives the same bytes twice", () => {
    const bytes = () => encodeModel(lower(gradient(2), cpu), { producerVersion: "0" });
    assert.deepEqual(bytes(), bytes());
  });

  it("lists every node that the target cannot run", () => {
    const picky = {
      ...cpu,
      refusal: ({ op }: { op: string }) => (op === "Exp" ? "has no exponentials" : null),
    };
    const graph = graphOf((op, x) => op.add(op.exp(x), op.neg(op.exp(op.neg(x)))));
    assert.throws(() => lower(graph, picky), {
      name: "LoweringError",
      message: "lower net for cpu: /Exp (Exp): has no exponentials; /Exp_1 (Exp): has no exponentials",
    });
  });
});

describe("rankScalars", () => {
  const shape = [6, 5, 1, 1];

  /** With a number that the graph is fed and one that it holds. */
  function scaled(build: (op: OpBuilder, x: Value, rate: Value) => Value): Graph {
    const builder = new GraphBuilder("net");
    const [x, rate] = [builder.input("x", "float32", shape), builder.input("rate", "float32", [])];
    builder.output("y", build(builder.op, x, rate));
    return builder.build();
  }

  it("gives numbers the axes of what they are broadcast to, where its last one is 1, and keeps results", async () => {
    const graph = scaled((op, x, rate) => op.sub(rate, op.mul(op.scale(x, 0.5), rate)));
    const ranked = simplify(graph, [rankScalars]);
    for (const { op, inputs } of ranked.nodes)
      if (op !== "Reshape")
        assert.deepEqual(new Set(inputs.map((value) => value!.shape.length)), new Set([4]));
    const x = Array.from({ length: 30 }, (_, at) => at / 7);
    const feeds = new Map([
      ["x", ndArray(shape, x)],
      ["rate", ndArray([], [0.3])],
    ]);
    const plain = { ...cpu, passes: [] };
    assert.deepEqual(await runOn(plain, ranked, feeds), await runOn(plain, graph, feeds));
  });

  it("leaves others alone: a last axis of several, a number for each channel, a tensor of one number", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", [2, 3]);
    const perChannel = builder.input("per channel", "float32", [5, 1, 1]);
    const tensor = builder.input("tensor", "float32", shape);
    const one = builder.input("one", "float32", [1, 1, 1, 1]);
    const { op } = builder;
    builder.output("y", op.scale(x, 2));
    builder.output("z", op.mul(op.mul(tensor, perChannel), one));
    assert.equal(rankScalars.run(builder.build()).rewrites, 0);
  });
});
