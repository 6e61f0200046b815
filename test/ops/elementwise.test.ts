import { infers, refuses } from "../support/infer.js";

describe("shapes of elementwise operators", () => {
  it("unary operators keep shape and dtype", () => {
    infers(
      { X: "float64 [batch, 3]" },
      ({ op }, { X }) => [op.relu(X!), op.exp(X!)],
      "float64 [batch, 3]",
      "float64 [batch, 3]",
    );
  });

  it("unary operators refuse whole numbers where they compute with floats", () => {
    refuses(
      { X: "int64 [2]" },
      ({ op }, { X }) => op.exp(X!),
      "/Exp (Exp): input X is X int64 [2], expected float32 or float64 or float16 or bfloat16",
    );
  });

  it("Neg and Abs take whole numbers, and no bool", () => {
    infers({ X: "int64 [2]" }, ({ op }, { X }) => [op.neg(X!), op.abs(X!)], "int64 [2]", "int64 [2]");
    refuses(
      { X: "bool [2]" },
      ({ op }, { X }) => op.neg(X!),
      "/Neg (Neg): input X is X bool [2], expected float32 or float64 or float16 or bfloat16 or int64 or int32 or uint8",
    );
  });

  it("Cast gives the dtype asked for", () => {
    infers({ X: "bool [batch]" }, ({ op }, { X }) => op.cast(X!, "float16"), "float16 [batch]");
  });

  it("arithmetic broadcasts both sides", () => {
    infers(
      { A: "float32 [2, 1, 4]", B: "float32 [3, 1]" },
      ({ op }, { A, B }) => op.add(A!, B!),
      "float32 [2, 3, 4]",
    );
    infers(
      { A: "float32 []", B: "float32 [batch, 3]" },
      ({ op }, { A, B }) => op.mul(A!, B!),
      "float32 [batch, 3]",
    );
  });

  it("arithmetic names the axis that does not broadcast", () => {
    refuses(
      { A: "float32 [2, 3]", B: "float32 [2, 1, 4]" },
      ({ op }, { A, B }) => op.sub(A!, B!),
      "/Sub (Sub): [2, 3] and [2, 1, 4] do not broadcast: axis -1 is 3 against 4, expected equal sizes or 1",
    );
  });

  it("a named dimension does not broadcast with a size or with another name", () => {
    refuses(
      { A: "float32 [batch]", B: "float32 [4]" },
      ({ op }, { A, B }) => op.div(A!, B!),
      "/Div (Div): [batch] and [4] do not broadcast: axis -1 is batch against 4, expected equal sizes or 1",
    );
    refuses(
      { A: "float32 [batch]", B: "float32 [rows]" },
      ({ op }, { A, B }) => op.pow(A!, B!),
      "/Pow (Pow): [batch] and [rows] do not broadcast: axis -1 is batch against rows, expected equal sizes or 1",
    );
  });

  it("arithmetic refuses two dtypes", () => {
    refuses(
      { A: "float32 [2]", B: "float64 [2]" },
      ({ op }, { A, B }) => op.add(A!, B!),
      "/Add (Add): input B is B float64 [2], expected float32",
    );
  });

  it("comparisons give bool", () => {
    infers(
      { A: "int64 [2, 1]", B: "int64 [3]" },
      ({ op }, { A, B }) => [op.greater(A!, B!), op.equal(A!, B!)],
      "bool [2, 3]",
      "bool [2, 3]",
    );
  });

  it("Max broadcasts any number of inputs, at least one", () => {
    infers(
      { A: "float32 [2, 1]", B: "float32 [3]", C: "float32 [4, 1, 1]" },
      ({ op }, { A, B, C }) => op.max(A!, B!, C!),
      "float32 [4, 2, 3]",
    );
    refuses({}, ({ op }) => op.max(), "/Max (Max): has no inputs, expected at least one");
    refuses(
      { A: "float32 [2]", B: "int64 [2]" },
      ({ op }, { A, B }) => op.max(A!, A!, B!),
      "/Max (Max): input data is B int64 [2], expected float32",
    );
  });

  it("Where broadcasts all three, and wants a bool", () => {
    infers(
      { c: "bool [2, 1]", X: "int64 [3]", Y: "int64 []" },
      ({ op }, { c, X, Y }) => op.where(c!, X!, Y!),
      "int64 [2, 3]",
    );
    refuses(
      { c: "float32 [2]", X: "float32 [2]" },
      ({ op }, { c, X }) => op.where(c!, X!, X!),
      "/Where (Where): input condition is c float32 [2], expected bool",
    );
  });
});
