import { convolutionRules } from "../../src/grad/rules/convolution.js";
import { convolutionCases } from "../support/opCases/convolution.js";
import { ndArray } from "../support/reference.js";
import { float, testGradients, type HandWorkedFor } from "../support/testGradients.js";

/** A feature map, or a kernel, of one row. */
const row = (...numbers: number[]) => float([1, 1, 1, numbers.length], numbers);
const cotangent = (...numbers: number[]) => ndArray([1, 1, 1, numbers.length], numbers);

const handWorked = {
  // Y = [10 + 40, 20 + 60]
  Conv: {
    inputs: { X: row(1, 2, 3), W: row(10, 20), B: float([1], [0]) },
    build: ({ op }, { X, W, B }) => [op.conv(X!, W!, {}, B)],
    cotangent: cotangent(1, 2),
    gradients: { X: [10, 40, 40], W: [5, 8], B: [3] },
  },
  // Y = [10, 20, 20, 40]
  ConvTranspose: {
    inputs: { X: row(1, 2), W: row(10, 20) },
    build: ({ op }, { X, W }) => [op.convTranspose(X!, W!, { strides: [2, 2] })],
    cotangent: cotangent(1, 2, 3, 4),
    gradients: { X: [50, 110], W: [7, 10] },
  },
  // dX = [10, 40, 40]
  ConvInputGradient: {
    inputs: { dY: row(1, 2), W: row(10, 20) },
    build: ({ op }, { dY, W }) => [op.convInputGradient(dY!, W!, { inputSize: [1, 3] })],
    cotangent: cotangent(1, 2, 3),
    gradients: { dY: [50, 80], W: [5, 8] },
  },
  // dW = [5, 8]
  ConvWeightGradient: {
    inputs: { dY: row(1, 2), X: row(1, 2, 3) },
    build: ({ op }, { dY, X }) => [op.convWeightGradient(dY!, X!, { kernelShape: [1, 2] })],
    cotangent: cotangent(1, 10),
    gradients: { dY: [21, 32], X: [1, 12, 20] },
  },
} satisfies HandWorkedFor<typeof convolutionRules>;

describe("gradients of convolutions", () => {
  testGradients(convolutionRules, convolutionCases, handWorked);
});
