import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { gradRules } from "../../src/grad/rules.js";
import { opTable } from "../../src/ir/opTable.js";
import { isDifferentiable } from "../support/checkGradient.js";
import { sampleCases } from "../support/opCases.js";
import type { OpKind } from "../../src/ir/opTable.js";

const scripts = (folder: string): string[] => readdirSync(folder).filter((file) => file.endsWith(".js"));

describe("the table of gradient rules", () => {
  it("covers the table of operators", () => {
    assert.deepEqual(Object.keys(gradRules).sort(), Object.keys(opTable).sort());
  });

  it("has a test file for each family", () => {
    const here = import.meta.dirname;
    const families = scripts(join(here, "../../src/grad/rules"));
    const tests = new Set(scripts(here));
    assert.deepEqual(
      families.filter((file) => !tests.has(file.replace(/\.js$/, ".test.js"))),
      [],
    );
  });

  it("has differentiable cases for every rule, each drawn with every float input", () => {
    for (const op of Object.keys(gradRules) as OpKind[]) {
      if (typeof gradRules[op] === "object") continue;
      const cases = sampleCases(op, 40).filter(isDifferentiable);
      assert.ok(cases.length > 0, `${op} has differentiable cases`);
      assert.ok(
        cases.every(({ fixed = [] }) => fixed.length === 0),
        `${op} hides no input`,
      );
    }
  });
});
