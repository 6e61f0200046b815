import { infers, refuses } from "../support/infer.js";

describe("shapes of matrix products", () => {
  it("MatMul broadcasts all but the last two axes", () => {
    infers(
      { A: "float32 [batch, 1, 2, 3]", B: "float32 [5, 3, 4]" },
      ({ op }, { A, B }) => op.matMul(A!, B!),
      "float32 [batch, 5, 2, 4]",
    );
  });

  it("MatMul compares columns with rows", () => {
    refuses(
      { A: "float32 [2, 3]", B: "float32 [4, 5]" },
      ({ op }, { A, B }) => op.matMul(A!, B!),
      "/MatMul (MatMul): A [2, 3] has 3 columns, B [4, 5] has 4 rows, expected them equal",
    );
    refuses(
      { A: "float32 [3]", B: "float32 [3, 5]" },
      ({ op }, { A, B }) => op.matMul(A!, B!),
      "/MatMul (MatMul): A is [3], B is [3, 5], expected rank 2 or more in both",
    );
    refuses(
      { A: "float32 [2, 2, 3]", B: "float32 [4, 3, 5]" },
      ({ op }, { A, B }) => op.matMul(A!, B!),
      "/MatMul (MatMul): [2] and [4] do not broadcast: axis -1 is 2 against 4, expected equal sizes or 1",
    );
  });

  it("Gemm transposes and adds a bias", () => {
    infers(
      { A: "float32 [batch, 3]", B: "float32 [4, 3]", C: "float32 [4]", T: "float32 [3, batch]" },
      ({ op }, { A, B, C, T }) => [
        op.gemm(A!, B!, C, { transB: 1 }),
        op.gemm(T!, B!, null, { transA: 1, transB: 1 }),
      ],
      "float32 [batch, 4]",
      "float32 [batch, 4]",
    );
  });

  it("Gemm refuses other ranks, inner sizes and biases", () => {
    refuses(
      { A: "float32 [1, 2, 3]", B: "float32 [3, 4]" },
      ({ op }, { A, B }) => op.gemm(A!, B!),
      "/Gemm (Gemm): A is [1, 2, 3], B is [3, 4], expected rank 2 in both",
    );
    refuses(
      { A: "float32 [2, 3]", B: "float32 [3, 4]" },
      ({ op }, { A, B }) => op.gemm(A!, B!, null, { transB: 1 }),
      "/Gemm (Gemm): A gives 3 columns, B gives 4 rows, expected them equal",
    );
    refuses(
      { A: "float32 [1, 3]", B: "float32 [3, 4]", C: "float32 [2, 4]" },
      ({ op }, { A, B, C }) => op.gemm(A!, B!, C),
      "/Gemm (Gemm): C is [2, 4], expected it to broadcast to [1, 4]",
    );
  });
});
