import { layoutRules } from "../../src/grad/rules/layout.js";
import { checkGradient } from "../support/checkGradient.js";
import { layoutCases } from "../support/opCases/layout.js";
import { ndArray } from "../support/reference.js";
import { float, testGradients, type HandWorkedFor } from "../support/testGradients.js";

const counted = (...shape: number[]) =>
  ndArray(
    shape,
    Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, at) => at + 1),
  );

const handWorked = {
  Reshape: {
    inputs: { data: float([2, 2], [1, 2, 3, 4]) },
    build: ({ op }, { data }) => [op.reshape(data!, [4])],
    cotangent: counted(4),
    gradients: { data: [1, 2, 3, 4] },
  },
  Flatten: {
    inputs: { X: float([2, 1, 2], [1, 2, 3, 4]) },
    build: ({ op }, { X }) => [op.flatten(X!)],
    cotangent: counted(2, 2),
    gradients: { X: [1, 2, 3, 4] },
  },
  Transpose: {
    inputs: { X: float([2, 3], [0, 0, 0, 0, 0, 0]) },
    build: ({ op }, { X }) => [op.transpose(X!, [1, 0])],
    cotangent: counted(3, 2),
    gradients: { X: [1, 3, 5, 2, 4, 6] },
  },
  Concat: {
    inputs: { a: float([1], [0]), b: float([2], [0, 0]) },
    build: ({ op }, { a, b }) => [op.concat([a!, b!], -1)],
    cotangent: counted(3),
    gradients: { a: [1], b: [2, 3] },
  },
  // Reads rows 4 and 2, in this order.
  Slice: {
    inputs: { data: float([5], [0, 0, 0, 0, 0]) },
    build: ({ op }, { data }) => [op.slice(data!, [{ axis: 0, start: 4, end: 0, step: -2 }])],
    cotangent: ndArray([2], [7, 9]),
    gradients: { data: [0, 0, 9, 0, 7] },
  },
  // [a, b, c] → [0, a, b]
  Pad: {
    inputs: { data: float([3], [0, 0, 0]) },
    build: ({ op }, { data }) => [op.pad(data!, [1, -1])],
    cotangent: counted(3),
    gradients: { data: [2, 3, 0] },
  },
  Expand: {
    inputs: { input: float([2, 1], [0, 0]) },
    build: ({ op }, { input }) => [op.expand(input!, [2, 3])],
    cotangent: counted(2, 3),
    gradients: { input: [6, 15] },
  },
  Squeeze: {
    inputs: { data: float([2, 1], [0, 0]) },
    build: ({ op }, { data }) => [op.squeeze(data!, [-1])],
    cotangent: counted(2),
    gradients: { data: [1, 2] },
  },
  Unsqueeze: {
    inputs: { data: float([2], [0, 0]) },
    build: ({ op }, { data }) => [op.unsqueeze(data!, [0])],
    cotangent: counted(1, 2),
    gradients: { data: [1, 2] },
  },
} satisfies HandWorkedFor<typeof layoutRules>;

describe("gradients of layout operators", () => {
  testGradients(layoutRules, layoutCases, handWorked);

  it("expandLike sums over a dimension known only while running", () => {
    checkGradient({
      inputs: {
        x: float([3], [1, 2, 3]),
        like: { ...float([2, 3], [1, 2, 3, 4, 5, 6]), shape: ["batch", 3] },
      },
      build: ({ op }, { x, like }) => [op.mul(op.expandLike(x!, like!), like!)],
    });
  });
});
