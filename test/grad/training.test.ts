import { trainingRules } from "../../src/grad/rules/training.js";
import { trainingCases } from "../support/opCases/training.js";
import { testGradients } from "../support/testGradients.js";

describe("gradients of on-device training", () => {
  testGradients(trainingRules, trainingCases, {});
});
