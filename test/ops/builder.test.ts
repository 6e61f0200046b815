import assert from "node:assert/strict";
import type { OpKind } from "../../src/ir/opTable.js";
import { opTable } from "../../src/ir/opTable.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { shapeRules } from "../../src/ops/table.js";
import { infers, refuses } from "../support/infer.js";
import { caseFeeds, caseGraph, sampleCases } from "../support/opCases.js";
import { evaluate } from "../support/reference.js";

const zero = { kind: "constant", value: 0 } as const;

describe("GraphBuilder", () => {
  it("has a shape rule for every operator", () => {
    assert.deepEqual(Object.keys(shapeRules).sort(), Object.keys(opTable).sort());
  });

  for (const op of Object.keys(opTable) as OpKind[]) {
    it(`states the shapes that ${op} has when it runs`, () => {
      // The interpreter compares every result with the stated shape.
      for (const opCase of sampleCases(op, 50)) evaluate(caseGraph(opCase), caseFeeds(opCase));
    });
  }

  it("carries a named batch through a whole network", () => {
    infers(
      {
        x: "float32 [batch, 1, 28, 28]",
        w: "float32 [8, 1, 3, 3]",
        fc: "float32 [10, 1568]",
        b: "float32 [10]",
      },
      ({ op }, { x, w, fc, b }) => {
        const maps = op.relu(op.conv(x!, w!, { pads: [1, 1, 1, 1] }));
        const pooled = op.maxPool(maps, { kernelShape: [2, 2], strides: [2, 2] });
        const logits = op.gemm(op.flatten(pooled), fc!, b, { transB: 1 });
        return [
          pooled,
          op.reshape(pooled, [0, -1]),
          logits,
          op.expandLike(b!, logits),
          op.reduceMean(logits),
        ];
      },
      "float32 [batch, 8, 14, 14]",
      "float32 [batch, 1568]",
      "float32 [batch, 10]",
      "float32 [batch, 10]",
      "float32 []",
    );
  });

  describe("names", () => {
    it("nodes after their scopes and kind", () => {
      const builder = new GraphBuilder("net");
      const x = builder.input("x", "float32", [1, 1, 4, 4]);
      builder.scope("layer1", () =>
        builder.scope("0", () =>
          builder.scope("conv1", () => {
            const weight = builder.parameter("weight", [1, 1, 3, 3], zero);
            builder.op.conv(x, weight);
            builder.op.conv(x, weight);
          }),
        ),
      );
      builder.op.relu(x);
      const { nodes } = builder.build();
      assert.deepEqual(
        nodes.map(({ name, outputs }) => [name, ...outputs.map((value) => value.name)]),
        [
          ["/layer1/0/conv1/Conv", "/layer1/0/conv1/Conv_output_0"],
          ["/layer1/0/conv1/Conv_1", "/layer1/0/conv1/Conv_1_output_0"],
          ["/Relu", "/Relu_output_0"],
        ],
      );
    });

    it("parameters by their scopes, joined by dots", () => {
      const builder = new GraphBuilder("net");
      builder.scope("layer1", () => builder.scope("0", () => builder.parameter("weight", [2, 3], zero)));
      builder.scope("layer1", () => builder.parameter("running_mean", [2], zero, false));
      const { parameters, inputs } = builder.build();
      assert.deepEqual(
        [...parameters].map(([name, { value, trainable }]) => [name, value.dtype, value.shape, trainable]),
        [
          ["layer1.0.weight", "float32", [2, 3], true],
          ["layer1.running_mean", "float32", [2], false],
        ],
      );
      assert.deepEqual(
        inputs,
        [...parameters.values()].map(({ value }) => value),
      );
    });

    it("leave a scope even if its body throws", () => {
      const builder = new GraphBuilder("net");
      assert.throws(() => builder.scope("inner", () => assert.fail("body")));
      assert.equal(builder.parameter("weight", [1], zero).name, "weight");
    });
  });

  describe("constants", () => {
    it("are shared if equal in dtype, shape and content", () => {
      const builder = new GraphBuilder("net");
      const three = builder.op.scalar(3);
      assert.equal(builder.op.scalar(3), three);
      assert.notEqual(builder.op.scalar(3, "float64"), three);
      assert.notEqual(builder.constant({ dtype: "float32", shape: [1], data: [3] }), three);
      assert.equal(builder.build().constants.size, 3);
    });

    it("tell 0 from -0", () => {
      const builder = new GraphBuilder("net");
      assert.notEqual(builder.op.scalar(0), builder.op.scalar(-0));
    });

    it("of many elements are not shared", () => {
      const builder = new GraphBuilder("net");
      const tensor = { dtype: "int64", shape: [17], data: new Array<number>(17).fill(0) } as const;
      assert.deepEqual(
        [builder.constant(tensor).name, builder.constant(tensor).name],
        ["/constant", "/constant_1"],
      );
    });

    it("fill their shape", () => {
      refuses(
        {},
        (builder) => builder.constant({ dtype: "float32", shape: [2, 3], data: [1, 2] }),
        "constant: holds 2 numbers, expected 6 for [2, 3]",
      );
    });
  });

  describe("checks", () => {
    it("a name that is taken", () => {
      refuses(
        { x: "float32 [2]" },
        (builder) => builder.input("x", "int64", []),
        "value x int64 []: the name is taken; choose another",
        "GraphError",
      );
      refuses(
        { x: "float32 [2]" },
        (builder, { x }) => {
          builder.output("y", x!);
          builder.output("y", x!);
          return [];
        },
        "output y: the name is taken; choose another",
        "GraphError",
      );
      refuses(
        { x: "float32 [2]" },
        (builder, { x }) => {
          builder.op.relu(x!);
          builder.adopt(builder.build().nodes[0]!);
          return [];
        },
        "node /Relu: the name is taken; choose another",
        "GraphError",
      );
    });

    it("a value of another graph, even under the same name", () => {
      const other = new GraphBuilder("other").input("x", "float32", [3]);
      refuses(
        { x: "float32 [2]" },
        (builder) => builder.op.exp(other),
        "/Exp (Exp): input x float32 [3] is not of graph net; pass a value that this builder made",
        "GraphError",
      );
      refuses(
        { x: "float32 [2]" },
        (builder) => {
          builder.output("y", other);
          return [];
        },
        "output y: value x float32 [3] is not of graph net; pass a value that this builder made",
        "GraphError",
      );
    });

    it("a value of another graph under a name that is not known", () => {
      const other = new GraphBuilder("other").input("y", "float32", [2]);
      refuses(
        { x: "float32 [2]" },
        (builder) => builder.op.exp(other),
        "/Exp (Exp): input y float32 [2] is not of graph net; pass a value that this builder made",
        "GraphError",
      );
    });

    it("a value that nobody made", () => {
      refuses({}, (builder) => builder.value("x"), 'graph net: has no value "x"', "GraphError");
    });

    it("attributes, and lists all faults", () => {
      refuses(
        { x: "float32 [1, 1, 4, 4]" },
        (builder, { x }) => {
          const attributes = { stride: [2, 2], countIncludePad: 0.5, pads: "same" };
          return builder.op.averagePool(x!, attributes as never);
        },
        '/AveragePool (AveragePool): attribute "stride" is unknown, expected one of ' +
          'kernelShape, strides, pads, countIncludePad; attribute "kernelShape" is missing, ' +
          'expected a list of whole numbers; attribute "pads" is "same", expected a list of whole numbers; ' +
          'attribute "countIncludePad" is 0.5, expected a whole number',
        "GraphError",
      );
    });

    it("attributes of every kind", () => {
      for (const [op, attributes, fault] of [
        ["Gemm", { alpha: Infinity }, 'attribute "alpha" is null, expected a finite number'],
        ["Relu", { alpha: 1 }, 'attribute "alpha" is unknown, expected one of none'],
        ["ScatterND", { reduction: 1 }, 'attribute "reduction" is 1, expected a string'],
        [
          "Cast",
          { to: "float8" },
          'attribute "to" is "float8", expected one of float32, float64, float16, bfloat16, int64, int32, int8, uint8, bool',
        ],
      ] as const) {
        refuses(
          {},
          (builder) => {
            builder.emit(op, {}, attributes);
            return [];
          },
          `/${op} (${op}): ${fault}`,
          "GraphError",
        );
      }
    });

    it("an input that is missing", () => {
      refuses(
        { x: "float32 [2]" },
        (builder, { x }) => builder.emit("Add", { A: x! } as never, {}).C,
        "/Add (Add): input B is missing",
      );
    });

    it("a failed node leaves the graph as it was", () => {
      const builder = new GraphBuilder("net");
      const x = builder.input("x", "float32", [2, 3]);
      assert.throws(() => builder.op.matMul(x, x));
      assert.deepEqual(builder.build().nodes, []);
      assert.equal(builder.op.matMul(x, builder.op.transpose(x, [1, 0])).name, "/MatMul_output_0");
    });
  });

  it("takes inputs by name, whatever their order", () => {
    const builder = new GraphBuilder("net");
    const [a, b] = ["a", "b"].map((name) => builder.input(name, "float32", []));
    builder.emit("Sub", { B: b!, A: a! }, {});
    assert.deepEqual(
      builder.build().nodes[0]!.inputs.map((value) => value?.name),
      ["a", "b"],
    );
  });

  it("fills in the defaults of attributes", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", [1, 1, 4, 4]);
    builder.op.maxPool(x, { kernelShape: [2, 2] });
    assert.deepEqual(builder.build().nodes[0]!.attributes, {
      kernelShape: [2, 2],
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
    });
  });

  describe("from a graph", () => {
    it("keeps everything, and goes on with fresh names", () => {
      const builder = new GraphBuilder("net");
      const weight = builder.parameter("weight", [2], zero);
      builder.output("y", builder.op.scale(builder.op.relu(weight), 2));
      const graph = builder.build();
      const continued = GraphBuilder.from(graph);
      assert.deepEqual(continued.build(), graph);
      assert.equal(continued.op.relu(continued.value("weight")).name, "/Relu_1_output_0");
      assert.equal(graph.nodes.length, 2);
    });

    it("still knows the shapes that Shape gave", () => {
      const builder = new GraphBuilder("net");
      const x = builder.input("x", "float32", ["batch", 3]);
      const shape = builder.op.shapeOf(x);
      const continued = GraphBuilder.from(builder.build());
      const scalar = continued.op.scalar(1);
      const expanded = continued.emit(
        "Expand",
        { input: scalar, shape: continued.value(shape.name) },
        {},
      ).output;
      assert.deepEqual(expanded.shape, ["batch", 3]);
    });
  });
});
