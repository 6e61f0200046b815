import { infers, refuses } from "../support/infer.js";

describe("shapes of layout operators", () => {
  it("Shape gives one number an axis", () => {
    infers({ x: "float32 [batch, 3]" }, ({ op }, { x }) => op.shapeOf(x!), "int64 [2]");
  });

  describe("Range", () => {
    const edge = "int64 []";

    it("is as long as a dimension that Gather took of a Shape", () => {
      infers(
        { x: "float32 [batch, 3]" },
        ({ op }, { x }) => [
          op.range(op.gather(op.shapeOf(x!), op.scalar(0, "int64"))),
          op.range(op.gather(op.shapeOf(x!), op.scalar(-1, "int64"))),
        ],
        "int64 [batch]",
        "int64 [3]",
      );
    });

    it("counts steps in either direction", () => {
      const counted = (start: number, limit: number, delta: number, count: number) =>
        infers(
          {},
          (builder) => {
            const [from, to, by] = [start, limit, delta].map((value) => builder.op.scalar(value, "int64"));
            return builder.emit("Range", { start: from!, limit: to!, delta: by! }, {}).output;
          },
          `int64 [${count}]`,
        );
      counted(0, 7, 3, 3);
      counted(2, -2, -2, 2);
      counted(3, 1, 1, 0);
    });

    it("refuses what is known only while running, lists, and steps that lead nowhere", () => {
      refuses(
        { limit: edge },
        ({ op }, { limit }) => op.range(limit!),
        "/Range (Range): limit int64 [] is computed while running, expected a constant or the output of Shape",
      );
      refuses(
        { x: "float32 [2]" },
        ({ op }, { x }) => op.range(op.shapeOf(x!)),
        "/Range (Range): /Shape_output_0 is [1], expected []",
      );
      refuses(
        { x: "float32 [batch]" },
        (builder, { x }) => {
          const { op } = builder;
          const limit = op.gather(op.shapeOf(x!), op.scalar(0, "int64"));
          const two = op.scalar(2, "int64");
          return builder.emit("Range", { start: op.scalar(0, "int64"), limit, delta: two }, {}).output;
        },
        "/Range (Range): runs from 0 to batch by 2, expected numbers, or 0 to a named dimension by 1",
      );
    });
  });

  describe("Reshape", () => {
    it("infers -1 and copies 0", () => {
      infers(
        { x: "float32 [2, 3, 4]" },
        ({ op }, { x }) => [
          op.reshape(x!, [6, -1]),
          op.reshape(x!, [0, -1]),
          op.reshape(x!, [-1]),
          op.reshape(x!, [4, 3, 2]),
        ],
        "float32 [6, 4]",
        "float32 [2, 12]",
        "float32 [24]",
        "float32 [4, 3, 2]",
      );
    });

    it("carries a named dimension through 0 and -1", () => {
      infers(
        { x: "float32 [batch, 3, 4]" },
        ({ op }, { x }) => [op.reshape(x!, [0, 12]), op.reshape(x!, [-1, 12]), op.reshape(x!, [0, -1])],
        "float32 [batch, 12]",
        "float32 [batch, 12]",
        "float32 [batch, 12]",
      );
    });

    it("reads the shape of another value", () => {
      infers(
        { x: "float32 [batch, 12]", like: "float32 [batch, 3, 4]" },
        ({ op }, { x, like }) => op.reshapeLike(x!, like!),
        "float32 [batch, 3, 4]",
      );
    });

    it("refuses another number of elements", () => {
      refuses(
        { x: "float32 [2, 3]" },
        ({ op }, { x }) => op.reshape(x!, [4]),
        "/Reshape (Reshape): data is [2, 3], shape is [4], expected as many elements in both",
      );
      refuses(
        { x: "float32 [batch, 3]" },
        ({ op }, { x }) => op.reshape(x!, [6]),
        "/Reshape (Reshape): data is [batch, 3], shape is [6], expected as many elements in both",
      );
    });

    it("refuses a -1 that does not divide", () => {
      refuses(
        { x: "float32 [2, 3]" },
        ({ op }, { x }) => op.reshape(x!, [4, -1]),
        "/Reshape (Reshape): data is [2, 3], whose elements do not divide into shape [4, -1]",
      );
      refuses(
        { x: "float32 [batch, 3]" },
        ({ op }, { x }) => op.reshape(x!, [2, -1]),
        "/Reshape (Reshape): data is [batch, 3], whose elements do not divide into shape [2, -1]",
      );
    });

    it("refuses two -1, sizes below it, and a 0 beyond the rank", () => {
      refuses(
        { x: "float32 [2, 3]" },
        ({ op }, { x }) => op.reshape(x!, [-1, -1]),
        "/Reshape (Reshape): shape is [-1, -1], expected -1 at most once",
      );
      refuses(
        { x: "float32 [2, 3]" },
        ({ op }, { x }) => op.reshape(x!, [-2, 3]),
        "/Reshape (Reshape): shape is [-2, 3], expected no size below -1",
      );
      refuses(
        { x: "float32 [2, 3]" },
        ({ op }, { x }) => op.reshape(x!, [2, 3, 0]),
        "/Reshape (Reshape): shape is [2, 3, 0]: its 0 at 2 has no axis of data to copy",
      );
    });
  });

  it("Flatten gives rank 2", () => {
    infers(
      { x: "float32 [batch, 3, 4]", y: "float32 [2, 3]", z: "float32 []" },
      ({ op }, { x, y, z }) => [
        op.flatten(x!),
        op.flatten(x!, -2),
        op.flatten(y!, 0),
        op.flatten(y!, 2),
        op.flatten(z!, 0),
      ],
      "float32 [batch, 12]",
      "float32 [batch, 12]",
      "float32 [1, 6]",
      "float32 [6, 1]",
      "float32 [1, 1]",
    );
    refuses(
      { x: "float32 [batch, 3, 4]" },
      ({ op }, { x }) => op.flatten(x!, 2),
      "/Flatten (Flatten): cannot name the product of [batch, 3]; expected at most one named dimension, alone",
    );
    refuses(
      { x: "float32 [2]" },
      ({ op }, { x }) => op.flatten(x!, 2),
      "/Flatten (Flatten): axis is 2, expected a whole number in [-1, 0]",
    );
  });

  it("Transpose permutes", () => {
    infers(
      { x: "float32 [batch, 3, 4]" },
      ({ op }, { x }) => op.transpose(x!, [2, 0, 1]),
      "float32 [4, batch, 3]",
    );
    for (const perm of [
      [0, 1],
      [0, 0, 1],
      [0, 1, 3],
    ]) {
      refuses(
        { x: "float32 [2, 3, 4]" },
        ({ op }, { x }) => op.transpose(x!, perm),
        `/Transpose (Transpose): perm is [${perm.join(", ")}], expected the axes of [2, 3, 4] in some order`,
      );
    }
  });

  it("Concat adds up one axis", () => {
    infers(
      { x: "float32 [batch, 3]", y: "float32 [batch, 4]" },
      ({ op }, { x, y }) => [op.concat([x!, y!], -1), op.concat([x!], 0)],
      "float32 [batch, 7]",
      "float32 [batch, 3]",
    );
    refuses(
      { x: "float32 [2, 3]", y: "float32 [3, 3]" },
      ({ op }, { x, y }) => op.concat([x!, y!], 1),
      "/Concat (Concat): inputs are [2, 3] and [3, 3], expected them equal but on axis 1",
    );
    refuses(
      { x: "float32 [batch]", y: "float32 [2]" },
      ({ op }, { x, y }) => op.concat([x!, y!], 0),
      "/Concat (Concat): axis 0 has a named dimension, expected sizes",
    );
    refuses({}, ({ op }) => op.concat([], 0), "/Concat (Concat): has no inputs, expected at least one");
  });

  describe("Slice", () => {
    it("counts steps in both directions, clamped to the axis", () => {
      infers(
        { x: "float32 [batch, 5]" },
        ({ op }, { x }) =>
          [
            { start: 1, end: 4 },
            { start: 0, end: 99, step: 2 },
            { start: -2, end: 5 },
            { start: 4, end: 0, step: -2 },
            { start: 99, end: -6, step: -1 },
            { start: 3, end: 3 },
          ].map((range) => op.slice(x!, [{ axis: 1, ...range }])),
        "float32 [batch, 3]",
        "float32 [batch, 3]",
        "float32 [batch, 2]",
        "float32 [batch, 2]",
        "float32 [batch, 5]",
        "float32 [batch, 0]",
      );
    });

    it("refuses a named axis, a step of 0 and lists of different lengths", () => {
      refuses(
        { x: "float32 [batch]" },
        ({ op }, { x }) => op.slice(x!, [{ axis: 0, start: 0, end: 1 }]),
        '/Slice (Slice): axis 0 is the named dimension "batch", expected a size',
      );
      refuses(
        { x: "float32 [2]" },
        ({ op }, { x }) => op.slice(x!, [{ axis: 0, start: 0, end: 1, step: 0 }]),
        "/Slice (Slice): step of axis 0 is 0, expected another number",
      );
      refuses(
        { x: "float32 [2]" },
        (builder, { x }) => {
          const list = (...data: number[]) =>
            builder.constant({ dtype: "int64", shape: [data.length], data });
          const inputs = { data: x!, starts: list(0, 0), ends: list(1), axes: list(0), steps: list(1) };
          return builder.emit("Slice", inputs, {}).output;
        },
        "/Slice (Slice): 2 starts, 1 ends, 1 axes, 1 steps, expected as many of each",
      );
    });
  });

  it("Pad adds and cuts", () => {
    infers(
      { x: "float32 [batch, 5]" },
      ({ op }, { x }) => [op.pad(x!, [0, 2, 0, -1]), op.pad(x!, [0, -2, 0, -3])],
      "float32 [batch, 6]",
      "float32 [batch, 0]",
    );
    refuses(
      { x: "float32 [2, 3]" },
      ({ op }, { x }) => op.pad(x!, [1, 1]),
      "/Pad (Pad): 2 pads, expected 4: a begin and an end for each axis of [2, 3]",
    );
    refuses(
      { x: "float32 [batch]" },
      ({ op }, { x }) => op.pad(x!, [1, 0]),
      '/Pad (Pad): axis 0 is the named dimension "batch", expected a size to pad',
    );
    refuses(
      { x: "float32 [2]" },
      ({ op }, { x }) => op.pad(x!, [-2, -1]),
      "/Pad (Pad): pads [-2, -1] leave axis 0 with -1 elements",
    );
    refuses(
      { x: "float32 [2]" },
      (builder, { x }) => {
        const pads = builder.constant({ dtype: "int64", shape: [2], data: [1, 1] });
        return builder.emit("Pad", { data: x!, pads, value: null }, { mode: "edge" }).output;
      },
      '/Pad (Pad): mode is "edge", expected "constant"',
    );
  });

  it("Expand broadcasts, to a shape or like another value", () => {
    infers(
      { x: "float32 [3, 1]", like: "float32 [batch, 3, 4]", fixed: "float32 [2, 3, 4]" },
      ({ op }, { x, like, fixed }) => [
        op.expand(x!, [2, 1, 4]),
        op.expandLike(x!, like!),
        op.expandLike(x!, fixed!),
      ],
      "float32 [2, 3, 4]",
      "float32 [batch, 3, 4]",
      "float32 [2, 3, 4]",
    );
    refuses(
      { x: "float32 [3]" },
      ({ op }, { x }) => op.expand(x!, [2]),
      "/Expand (Expand): [3] and [2] do not broadcast: axis -1 is 3 against 2, expected equal sizes or 1",
    );
  });

  it("Squeeze drops axes of size 1 only", () => {
    infers({ x: "float32 [1, batch, 1]" }, ({ op }, { x }) => op.squeeze(x!, [0, -1]), "float32 [batch]");
    refuses(
      { x: "float32 [batch, 1]" },
      ({ op }, { x }) => op.squeeze(x!, [0]),
      "/Squeeze (Squeeze): axis 0 of [batch, 1] has size batch, expected 1",
    );
    infers({ x: "float32 [1, 3]" }, ({ op }, { x }) => op.squeeze(x!, []), "float32 [1, 3]");
    refuses(
      { x: "float32 [1, 3]" },
      (builder, { x }) => {
        const axes = builder.constant({ dtype: "int64", shape: [0], data: [] });
        return builder.emit("Squeeze", { data: x!, axes }, {}).squeezed;
      },
      "/Squeeze (Squeeze): axes are empty, expected at least one axis to drop",
    );
  });

  it("Unsqueeze counts axes in the result", () => {
    infers({ x: "float32 [batch]" }, ({ op }, { x }) => op.unsqueeze(x!, [-1, 0]), "float32 [1, batch, 1]");
    refuses(
      { x: "float32 [2]" },
      ({ op }, { x }) => op.unsqueeze(x!, [2]),
      "/Unsqueeze (Unsqueeze): axis is 2, expected a whole number in [-2, 1]",
    );
  });
});
