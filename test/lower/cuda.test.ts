/** @file What the CUDA provider is given: operators it has kernels for, and nothing that it would leave on the host. */

import assert from "node:assert/strict";
import { ARCHITECTURES, OBJECTIVES, OPTIMIZERS, stemsOf } from "../../graphs/index.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { OPTIMIZER_DEFAULTS } from "../../src/build/optimizer.js";
import { checkRecipe, DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { FILES, sourceGraphs } from "../../src/build/sourceGraphs.js";
import type { DType } from "../../src/ir/dtype.js";
import type { Graph, Value } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import { fixSizes } from "../../src/lower/passes/fixSizes.js";
import { capturingObstacles, cuda } from "../../src/lower/targets/cuda.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import type { OpBuilder } from "../../src/ops/table.js";

const SMALL: Recipe = {
  ...DEFAULT_RECIPE,
  arch: "resnet10",
  width: 4,
  imageSize: 32,
  batchSize: 4,
  embeddingDim: 8,
};

const INSTANCES = 9;

/** Lowered, by the names of their files. */
function loweredGraphs(recipe: Recipe): [name: string, graph: Graph][] {
  return [...sourceGraphs(checkRecipe(recipe))].map(([name, graph]) => [
    name,
    lower(fixSizes(graph, { instances: INSTANCES }), cuda),
  ]);
}

/** The graphs of training lower without a refusal, and can be captured. */
function assertFits(recipe: Recipe): void {
  for (const [name, graph] of loweredGraphs(recipe)) {
    if (name === FILES.encoder) continue;
    assert.deepEqual(
      capturingObstacles(graph).map((node) => node.name),
      [],
      name,
    );
  }
}

describe("for cuda", () => {
  for (const arch of ARCHITECTURES) {
    it(`all graphs of ${arch} are lowered to operators that it has`, () => {
      // The stem is the same for all residual networks.
      const stems = arch === "resnet10" ? stemsOf(arch) : stemsOf(arch).slice(0, 1);
      for (const stem of stems.length > 0 ? stems : [null])
        assertFits({ ...SMALL, arch, stem, width: 1, imageSize: 64, batchSize: 2 });
    });
  }

  for (const name of OBJECTIVES) {
    it(`all graphs of the objective ${name} are lowered to operators that it has`, () => {
      const objective = name === "parametric" ? { name, instances: INSTANCES } : OBJECTIVE_DEFAULTS[name];
      assertFits({ ...SMALL, objective });
      assertFits({ ...SMALL, objective, accumulation: 2 });
      if ("proximal" in objective) assertFits({ ...SMALL, objective: { ...objective, proximal: 30 } });
      if ("noiseForm" in objective) {
        assertFits({ ...SMALL, objective: { ...objective, noiseForm: "gather" } });
        assertFits({ ...SMALL, objective: { ...objective, noiseForm: "gemm" } });
      }
    });
  }

  for (const name of OPTIMIZERS) {
    it(`the step of ${name} is lowered to operators that it has`, () => {
      assertFits({ ...SMALL, optimizer: OPTIMIZER_DEFAULTS[name] });
    });
  }
});

describe("the kernels of cuda", () => {
  const lowered = (dtype: DType, build: (op: OpBuilder, x: Value) => Value) => () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", dtype, [1, 2, 4, 4]);
    builder.output("y", build(builder.op, x));
    return lower(builder.build(), cuda);
  };

  const refused: readonly [dtype: DType, build: (op: OpBuilder, x: Value) => Value, reason: string][] = [
    [
      "bfloat16",
      (op, x) => op.maxPool(x, { kernelShape: [2, 2] }),
      "/MaxPool (MaxPool): ONNX Runtime's CUDA provider has it for float32, float64, float16, and not for bfloat16",
    ],
    [
      "int64",
      (op, x) => op.pad(x, [0, 0, 1, 1, 0, 0, 1, 1]),
      "/Pad (Pad): ONNX Runtime's CUDA provider has it for float32, float64, float16, bool, and not for int64",
    ],
    [
      "float32",
      (op, x) => op.reorderInput(x),
      "/ReorderInput (ReorderInput): ONNX Runtime's CUDA provider has no such operator",
    ],
  ];
  for (const [dtype, build, reason] of refused) {
    it(`are missed with the reason: ${reason.split(" ")[0]!.slice(1)} of ${dtype}`, () => {
      assert.throws(lowered(dtype, build), {
        name: "LoweringError",
        message: `lower net for cuda: ${reason}`,
      });
    });
  }

  it("are those of the type that is chosen among, not of the condition", () => {
    const chosen = lowered("int64", (op, x) => op.where(op.greater(x, op.scalar(0, x)), x, op.neg(x)));
    assert.ok(chosen().nodes.length > 0);
  });

  it("for convolutions of bfloat16 are products, where the kernel is one pixel", () => {
    const pointwise = lowered("bfloat16", (op, x) =>
      op.conv(x, op.constant({ dtype: "bfloat16", shape: [1, 2, 1, 1], data: [1, 2] })),
    );
    assert.ok(pointwise().nodes.some(({ op }) => op === "MatMul"));
  });
});

describe("capturing", () => {
  it("is kept from by nodes that read a shape while they run", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", ["batch", 2]);
    builder.output("y", builder.op.expandLike(builder.op.scalar(1, x), x));
    assert.deepEqual(
      capturingObstacles(lower(builder.build(), cuda)).map(({ op }) => op),
      ["Shape"],
    );
  });
});
