import { quantizationRules } from "../../src/grad/rules/quantization.js";
import { quantizationCases } from "../support/opCases/quantization.js";
import { testGradients } from "../support/testGradients.js";

describe("gradients of numbers kept in 8 bits", () => {
  testGradients(quantizationRules, quantizationCases, {});
});
