import assert from "node:assert/strict";
import {
  broadcastShapes,
  elementCount,
  isStatic,
  normalizeAxes,
  normalizeAxis,
  shapesEqual,
  showShape,
  stretchedAxes,
  stridesOf,
  type Shape,
} from "../../src/ir/shape.js";

describe("shapes", () => {
  it("are shown in brackets", () => {
    assert.equal(showShape(["batch", 3, 4]), "[batch, 3, 4]");
    assert.equal(showShape([]), "[]");
  });

  it("are equal if all dimensions are", () => {
    assert.ok(shapesEqual(["batch", 3], ["batch", 3]));
    assert.ok(!shapesEqual(["batch", 3], ["rows", 3]));
    assert.ok(!shapesEqual([3], [3, 1]));
    assert.ok(!shapesEqual([3, 1], [3]));
  });

  it("are static without names", () => {
    assert.ok(isStatic([2, 3]));
    assert.ok(isStatic([]));
    assert.ok(!isStatic(["batch", 3]));
  });

  it("count their elements: 1 for a scalar, 0 for an empty one", () => {
    assert.deepEqual([[2, 3], [], [2, 0]].map(elementCount), [6, 1, 0]);
  });

  it("have row-major strides", () => {
    assert.deepEqual(stridesOf([2, 3, 4]), [12, 4, 1]);
    assert.deepEqual(stridesOf([]), []);
  });
});

describe("broadcastShapes", () => {
  for (const [a, b, expected] of [
    [[2, 3], [3], [2, 3]],
    [[3], [2, 3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [[], [2], [2]],
    [[], [], []],
    [[0], [1], [0]],
    [[1], [0], [0]],
    [["batch", 1], [3], ["batch", 3]],
    [["batch"], ["batch"], ["batch"]],
    [[1], ["batch"], ["batch"]],
  ] satisfies [Shape, Shape, Shape][]) {
    it(`${showShape(a)} and ${showShape(b)} give ${showShape(expected)}`, () => {
      assert.deepEqual(broadcastShapes(a, b, "test"), expected);
    });
  }

  it("names the first axis that does not match, from the end", () => {
    assert.throws(() => broadcastShapes([2, 3], [4, 3], "/Add"), {
      name: "ShapeError",
      message: "/Add: [2, 3] and [4, 3] do not broadcast: axis -2 is 2 against 4, expected equal sizes or 1",
    });
  });

  it("does not match 0 with another size", () => {
    assert.throws(() => broadcastShapes([0], [2], "/Add"), { name: "ShapeError" });
  });
});

describe("stretchedAxes", () => {
  for (const [shape, target, expected] of [
    [[3], [2, 3], [0]],
    [[1, 3], [2, 3], [0]],
    [[], [2, 3], [0, 1]],
    [[1], [2, 3], [0, 1]],
    [[1, 1], [1, 3], [1]],
    [[1], ["batch", 1], [0]],
    [[1, 3], ["batch", 3], [0]],
    [["batch", 3], ["batch", 3], []],
  ] satisfies [Shape, Shape, number[]][]) {
    it(`of ${showShape(shape)} in ${showShape(target)} are [${expected.join(", ")}]`, () => {
      assert.deepEqual(stretchedAxes(shape, target), expected);
    });
  }
});

describe("axes", () => {
  it("count from the end if negative", () => {
    assert.deepEqual(
      [normalizeAxis(-1, 3, "x"), normalizeAxis(0, 3, "x"), normalizeAxis(-3, 3, "x")],
      [2, 0, 0],
    );
    assert.deepEqual(normalizeAxes([-1, 0], 3, "x"), [2, 0]);
  });

  for (const axis of [3, -4, 0.5, NaN]) {
    it(`refuse ${axis} for rank 3`, () => {
      assert.throws(() => normalizeAxis(axis, 3, "/Softmax"), {
        name: "ShapeError",
        message: `/Softmax: axis is ${axis}, expected a whole number in [-3, 2]`,
      });
    });
  }

  it("refuse the same axis twice", () => {
    assert.throws(() => normalizeAxes([2, -1], 3, "/ReduceSum"), {
      name: "ShapeError",
      message: "/ReduceSum: axes are [2, -1], expected each axis once",
    });
  });
});
