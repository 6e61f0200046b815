import { rowsRules } from "../../src/grad/rules/rows.js";
import { rowsCases } from "../support/opCases/rows.js";
import { ndArray } from "../support/reference.js";
import { checkByHand, float, int, testGradients, type HandWorkedFor } from "../support/testGradients.js";

const handWorked = {
  // Row 2 is read twice, once counted from the end.
  Gather: {
    inputs: { data: float([3, 2], [0, 0, 0, 0, 0, 0]), indices: int([3], [2, 0, -1]) },
    build: ({ op }, { data, indices }) => [op.gather(data!, indices!)],
    cotangent: ndArray([3, 2], [1, 2, 3, 4, 5, 6]),
    gradients: { data: [3, 4, 0, 0, 6, 8] },
  },
  GatherElements: {
    inputs: { data: float([2, 2], [0, 0, 0, 0]), indices: int([2, 2], [0, 0, 1, 0]) },
    build: ({ op }, { data, indices }) => [op.gatherElements(data!, indices!, 1)],
    cotangent: ndArray([2, 2], [1, 2, 3, 4]),
    gradients: { data: [3, 0, 4, 3] },
  },
  GatherND: {
    inputs: { data: float([2, 2], [0, 0, 0, 0]), indices: int([3, 2], [1, 0, 0, 1, 1, 0]) },
    build: ({ op }, { data, indices }) => [op.gatherNd(data!, indices!)],
    cotangent: ndArray([3], [1, 2, 4]),
    gradients: { data: [0, 2, 5, 0] },
  },
  ScatterElements: {
    inputs: { data: float([3], [0, 0, 0]), indices: int([2], [2, 0]), updates: float([2], [0, 0]) },
    build: ({ op }, { data, indices, updates }) => [op.scatterElements(data!, indices!, updates!)],
    cotangent: ndArray([3], [1, 2, 3]),
    gradients: { data: [0, 2, 0], updates: [3, 1] },
  },
  // Both updates are added to row 1.
  ScatterND: {
    inputs: {
      data: float([2, 2], [0, 0, 0, 0]),
      indices: int([2, 1], [1, 1]),
      updates: float([2, 2], [0, 0, 0, 0]),
    },
    build: ({ op }, { data, indices, updates }) => [op.scatterNd(data!, indices!, updates!, "add")],
    cotangent: ndArray([2, 2], [1, 2, 3, 4]),
    gradients: { data: [1, 2, 3, 4], updates: [3, 4, 3, 4] },
  },
} satisfies HandWorkedFor<typeof rowsRules>;

describe("gradients of reading and writing by row", () => {
  testGradients(rowsRules, rowsCases, handWorked);

  it("ScatterND without a reduction cuts the rows that it overwrites", () => {
    checkByHand({
      ...handWorked.ScatterND,
      inputs: {
        data: float([2, 2], [0, 0, 0, 0]),
        indices: int([1, 1], [-2]),
        updates: float([1, 2], [0, 0]),
      },
      build: ({ op }, { data, indices, updates }) => [op.scatterNd(data!, indices!, updates!)],
      gradients: { data: [0, 0, 3, 4], updates: [1, 2] },
    });
  });
});
