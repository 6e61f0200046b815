import { blockedRules } from "../../src/grad/rules/blocked.js";
import { blockedCases } from "../support/opCases/blocked.js";
import { testGradients } from "../support/testGradients.js";

describe("gradients of operators on blocked feature maps", () => {
  testGradients(blockedRules, blockedCases, {});
});
