import { infers, refuses } from "../support/infer.js";

describe("shapes of reading and writing by row", () => {
  it("Gather puts the shape of the indices in the place of the axis", () => {
    infers(
      { data: "float32 [5, 3]", rows: "int64 [batch, 2]", row: "int32 []" },
      ({ op }, { data, rows, row }) => [op.gather(data!, rows!), op.gather(data!, row!, -1)],
      "float32 [batch, 2, 3]",
      "float32 [5]",
    );
    refuses(
      { data: "float32 [5]", rows: "float32 [2]" },
      ({ op }, { data, rows }) => op.gather(data!, rows!),
      "/Gather (Gather): input indices is rows float32 [2], expected int64 or int32",
    );
    refuses(
      { data: "float32 [5]", rows: "int64 [2]" },
      ({ op }, { data, rows }) => op.gather(data!, rows!, 1),
      "/Gather (Gather): axis is 1, expected a whole number in [-1, 0]",
    );
  });

  it("GatherElements has the shape of the indices", () => {
    infers(
      { data: "float32 [5, 3]", at: "int64 [2, 3]" },
      ({ op }, { data, at }) => op.gatherElements(data!, at!),
      "float32 [2, 3]",
    );
    refuses(
      { data: "float32 [5, 3]", at: "int64 [2]" },
      ({ op }, { data, at }) => op.gatherElements(data!, at!),
      "/GatherElements (GatherElements): indices are [2], expected rank 2 as data [5, 3]",
    );
  });

  it("GatherND replaces as many axes as a tuple is long", () => {
    infers(
      { data: "float32 [5, 3, 4]", at: "int64 [batch, 2]" },
      ({ op }, { data, at }) => op.gatherNd(data!, at!),
      "float32 [batch, 4]",
    );
    for (const shape of ["[2, 3]", "[2, batch]", "[]"]) {
      refuses(
        { data: "float32 [5, 3]", at: `int64 ${shape}` },
        ({ op }, { data, at }) => op.gatherNd(data!, at!),
        `/GatherND (GatherND): indices are ${shape}, expected a last axis of 1 to 2 for data [5, 3]`,
      );
    }
  });

  it("ScatterElements keeps the shape of data", () => {
    infers(
      { data: "float32 [5, 3]", at: "int64 [2, 3]", updates: "float32 [2, 3]" },
      ({ op }, { data, at, updates }) => op.scatterElements(data!, at!, updates!, -2, "add"),
      "float32 [5, 3]",
    );
    refuses(
      { data: "float32 [5, 3]", at: "int64 [2, 3]", updates: "float32 [2, 2]" },
      ({ op }, { data, at, updates }) => op.scatterElements(data!, at!, updates!),
      "/ScatterElements (ScatterElements): data is [5, 3], indices [2, 3], updates [2, 2], " +
        "expected indices and updates of one shape and the rank of data",
    );
  });

  it("ScatterND keeps the shape of data", () => {
    infers(
      { data: "float32 [5, 3]", at: "int64 [batch, 1]", updates: "float32 [batch, 3]" },
      ({ op }, { data, at, updates }) => op.scatterNd(data!, at!, updates!),
      "float32 [5, 3]",
    );
    refuses(
      { data: "float32 [5, 3]", at: "int64 [2, 1]", updates: "float32 [2]" },
      ({ op }, { data, at, updates }) => op.scatterNd(data!, at!, updates!),
      "/ScatterND (ScatterND): updates are [2], expected [2, 3]",
    );
  });

  it("scatters refuse an unknown reduction", () => {
    refuses(
      { data: "float32 [5]", at: "int64 [2, 1]", updates: "float32 [2]" },
      (builder, { data, at, updates }) => {
        const inputs = { data: data!, indices: at!, updates: updates! };
        return builder.emit("ScatterND", inputs, { reduction: "mul" }).output;
      },
      '/ScatterND (ScatterND): reduction is "mul", expected one of none, add',
    );
  });

  it("TopK shortens the last axis to k", () => {
    infers(
      { x: "float32 [batch, 9]" },
      (builder, { x }) => {
        const { values, positions } = builder.op.topK(
          x!,
          builder.constant({ dtype: "int64", shape: [1], data: [4] }),
        );
        return [values, positions];
      },
      "float32 [batch, 4]",
      "int64 [batch, 4]",
    );
    refuses(
      { x: "float32 [9]" },
      (builder, { x }) =>
        builder.op.topK(x!, builder.constant({ dtype: "int64", shape: [0], data: [] })).values,
      "/TopK (TopK): K is empty, expected one number",
    );
  });
});
