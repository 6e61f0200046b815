import { infers, refuses } from "../support/infer.js";

describe("shapes of reductions", () => {
  it("drop the axes, or keep them with size 1", () => {
    infers(
      { x: "float32 [batch, 3, 4]" },
      ({ op }, { x }) => [op.reduceSum(x!), op.reduceMean(x!, [-1]), op.reduceMax(x!, [0, 2], true)],
      "float32 []",
      "float32 [batch, 3]",
      "float32 [1, 3, 1]",
    );
  });

  it("of a scalar are the scalar", () => {
    infers(
      { x: "float32 []" },
      ({ op }, { x }) => [op.reduceSum(x!), op.reduceSumSquare(x!)],
      "float32 []",
      "float32 []",
    );
  });

  it("refuse an axis outside the rank", () => {
    refuses(
      { x: "float32 [2, 3]" },
      ({ op }, { x }) => op.reduceSum(x!, [2]),
      "/ReduceSum (ReduceSum): axis is 2, expected a whole number in [-2, 1]",
    );
  });

  it("refuse an axis given twice", () => {
    refuses(
      { x: "float32 [2, 3]" },
      ({ op }, { x }) => op.reduceMean(x!, [1, -1]),
      "/ReduceMean (ReduceMean): axes are [1, -1], expected each axis once",
    );
  });

  it("refuse empty axes, which ONNX takes for all", () => {
    refuses(
      { x: "float32 [2]" },
      (builder, { x }) => {
        const axes = builder.constant({ dtype: "int64", shape: [0], data: [] });
        return builder.emit("ReduceMax", { data: x!, axes }, {}).reduced;
      },
      "/ReduceMax (ReduceMax): axes are empty, expected at least one axis to reduce",
    );
  });

  it("refuse axes computed while running", () => {
    refuses(
      { x: "float32 [2]", axes: "int64 [1]" },
      (builder, { x, axes }) => builder.emit("ReduceSum", { data: x!, axes: axes! }, {}).reduced,
      "/ReduceSum (ReduceSum): axes int64 [1] is computed while running, expected a constant or the output of Shape",
    );
  });

  it("refuse axes of named dimensions", () => {
    refuses(
      { x: "float32 [batch]" },
      (builder, { x }) => builder.emit("ReduceSum", { data: x!, axes: builder.op.shapeOf(x!) }, {}).reduced,
      "/ReduceSum (ReduceSum): /Shape_output_0 holds [batch], expected numbers",
    );
  });

  it("Softmax keeps the shape, l2Normalize too", () => {
    infers(
      { x: "float32 [batch, 3]" },
      ({ op }, { x }) => [op.softmax(x!), op.logSoftmax(x!, 0), op.l2Normalize(x!)],
      "float32 [batch, 3]",
      "float32 [batch, 3]",
      "float32 [batch, 3]",
    );
    refuses(
      { x: "float32 []" },
      ({ op }, { x }) => op.softmax(x!),
      "/Softmax (Softmax): axis is -1, expected a whole number in [0, -1]",
    );
  });
});
