import assert from "node:assert/strict";
import fc from "fast-check";
import { GraphBuilder } from "../../src/ops/builder.js";
import { checkGradient, gradientsOf, type Differentiable } from "../support/checkGradient.js";
import { drawn } from "../support/opCases/opCase.js";
import { caseFeeds, caseGraph } from "../support/opCases.js";
import { evaluate, ndArray } from "../support/reference.js";
import { float } from "../support/testGradients.js";

const normalized =
  (axis: number): Differentiable["build"] =>
  ({ op }, { x }) => [op.l2Normalize(x!, axis)];

const anyNormalize = drawn((draw) => {
  const sizes = draw.shape(1, 3);
  const axis = draw.axis(sizes.length);
  return {
    inputs: { x: draw.batched(draw.floats(sizes, "awayFromZero")) },
    build: normalized(axis),
    detail: { axis },
  };
});

const anyDropout = drawn((draw) => {
  const sizes = draw.shape(0, 3);
  const ratio = draw.pick(0, 0.25, 0.5);
  const random = draw.random();
  const noise = ndArray(sizes, Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, random));
  return {
    inputs: { x: draw.floats(sizes), noise: { dtype: "float32", shape: sizes, value: noise } },
    fixed: ["noise"],
    build: ({ op }, { x, noise }) => [op.dropout(x!, noise!, ratio)],
    detail: { ratio },
  };
});

const anyAdaptivePool = drawn((draw) => {
  const [height, width, side] = [draw.pick(1, 3, 4, 5), draw.pick(2, 4, 6), draw.pick(1, 2, 3)];
  return {
    inputs: { x: draw.floats([2, 1, height, width]) },
    build: ({ op }, { x }) => [op.adaptiveAveragePool(x!, side)],
    detail: { side },
  };
});

/** PyTorch's rule, pixel by pixel: output i averages the pixels from ⌊i·size/side⌋ to ⌈(i+1)·size/side⌉. */
function adaptiveAverages(x: readonly number[], height: number, width: number, side: number): number[] {
  const windowOf = (i: number, size: number) => {
    const [first, end] = [Math.floor((i * size) / side), Math.ceil(((i + 1) * size) / side)];
    return Array.from({ length: end - first }, (_, at) => first + at);
  };
  return Array.from({ length: side * side }, (_, at) => {
    const rows = windowOf(Math.floor(at / side), height);
    const pixels = rows.flatMap((row) =>
      windowOf(at % side, width).map((column) => x[row * width + column]!),
    );
    return pixels.reduce((a, b) => a + b) / pixels.length;
  });
}

describe("adaptiveAveragePool", () => {
  for (const [height, width, side] of [
    [4, 6, 2],
    [5, 3, 2],
    [1, 2, 3],
    [7, 7, 6],
  ] as const) {
    it(`averages ${height}×${width} pixels to ${side}×${side} as PyTorch does`, () => {
      const builder = new GraphBuilder("pool");
      const x = builder.input("x", "float64", [1, 1, height, width]);
      builder.output("y", builder.op.adaptiveAveragePool(x, side));
      const pixels = Array.from({ length: height * width }, (_, at) => Math.sin(at) * 10);
      const y = evaluate(builder.build(), new Map([["x", ndArray([1, 1, height, width], pixels)]])).get("y")!;
      adaptiveAverages(pixels, height, width, side).forEach((mean, at) =>
        assert.ok(Math.abs(y.data[at]! - mean) < 1e-12, `${y.data[at]} at ${at}, expected ${mean}`),
      );
    });
  }
});

describe("gradients of composed operators", () => {
  it("adaptiveAveragePool agrees with finite differences", () => {
    fc.assert(fc.property(anyAdaptivePool, (opCase) => checkGradient(opCase)));
  });

  it("l2Normalize agrees with finite differences", () => {
    fc.assert(fc.property(anyNormalize, (opCase) => checkGradient(opCase)));
  });

  it("l2Normalize gives vectors of length 1", () => {
    const opCase = { inputs: { x: float([2, 2], [3, 4, -6, 8]) }, build: normalized(-1) };
    const { data } = evaluate(caseGraph(opCase), caseFeeds(opCase)).get("y0")!;
    assert.deepEqual([...data], [0.6, 0.8, -0.6, 0.8]);
  });

  it("l2Normalize leaves the zero vector and its gradient finite", () => {
    const opCase = { inputs: { x: float([2, 2], [0, 0, 3, 4]) }, build: normalized(-1) };
    const { data } = evaluate(caseGraph(opCase), caseFeeds(opCase)).get("y0")!;
    assert.deepEqual([...data], [0, 0, 0.6, 0.8]);
    const gradient = gradientsOf(opCase, ndArray([2, 2], [1, 2, 3, 4])).get("x")!;
    assert.ok(gradient.data.every(Number.isFinite), `gradient is [${gradient.data.join(", ")}]`);
  });

  it("dropout agrees with finite differences", () => {
    fc.assert(fc.property(anyDropout, (opCase) => checkGradient(opCase)));
  });

  it("dropout drops where the noise is below the ratio, and scales what it keeps", () => {
    const opCase: Differentiable = {
      inputs: { x: float([4], [1, 2, 3, 4]), noise: float([4], [0, 0.2, 0.25, 0.9]) },
      fixed: ["noise"],
      build: ({ op }, { x, noise }) => [op.dropout(x!, noise!, 0.25)],
    };
    assert.deepEqual(
      [...evaluate(caseGraph(opCase), caseFeeds(opCase)).get("y0")!.data],
      [0, 0, 4, 4 / 0.75],
    );
    assert.deepEqual([...gradientsOf(opCase, ndArray([4], [3, 3, 3, 3])).get("x")!.data], [0, 0, 4, 4]);
  });

  for (const ratio of [1, -0.1, NaN]) {
    it(`dropout refuses the ratio ${ratio}`, () => {
      const builder = new GraphBuilder("net");
      const x = builder.input("x", "float32", [2]);
      assert.throws(() => builder.op.dropout(x, x, ratio), {
        name: "ShapeError",
        message: `dropout: ratio is ${ratio}, expected it in [0, 1)`,
      });
    });
  }
});
