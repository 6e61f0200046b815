/** @file Every operator, lowered and run by ONNX Runtime, against the float64 interpreter. */

import assert from "node:assert/strict";
import { isAbstract, opTable, specOf, type OpKind } from "../../src/ir/opTable.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { NO_BLOCKS } from "../support/block.js";
import { caseFeeds, caseGraph, sampleCases, type OpCase } from "../support/opCases.js";
import { evaluate } from "../support/reference.js";
import { assertClose, largest, rounded, SMALL, TOLERANCE, withSizes } from "../support/closeness.js";
import { runOn } from "../support/runtime.js";

const CASES = 25;
/** @returns whether some result is far above what may differ */
async function compare(opCase: OpCase): Promise<boolean> {
  const graph = caseGraph(opCase);
  const feeds = rounded(caseFeeds(opCase));
  const expected = evaluate(graph, feeds);
  const found = await runOn(cpu, graph, feeds);
  const size = largest([...feeds.values(), ...expected.values()]);
  for (const [name, values] of expected) {
    assertClose(found.get(name)!, values, size, `${opCase.name}, ${name}`);
  }
  return largest(expected.values()) > 100 * (TOLERANCE * size + SMALL);
}

/** In builds with training only, where test/build/ortTraining.test.ts runs them. */
const ON_DEVICE: readonly OpKind[] = ["InPlaceAccumulatorV2"];

describe("on the cpu", () => {
  for (const op of ON_DEVICE) {
    it(`${op} is refused, with the reason`, () => {
      for (const opCase of sampleCases(op, CASES)) {
        assert.throws(() => lower(caseGraph(opCase), cpu), {
          name: "LoweringError",
          message:
            `lower case for cpu: /${op} (${op}): only builds of ONNX Runtime with training have it, ` +
            "the last of which is 1.19.2; leave it to buildOrtTraining",
        });
      }
    });
  }

  for (const op of (Object.keys(opTable) as OpKind[]).filter((kind) => !ON_DEVICE.includes(kind))) {
    it(`${op} gives what the interpreter gives`, async function () {
      if (specOf(op).domain === "com.microsoft.nchwc" && NO_BLOCKS !== null) {
        console.log(`      skipped: ${NO_BLOCKS}`);
        this.skip();
      }
      let large = false;
      for (const opCase of sampleCases(op, CASES)) {
        large = (await compare(isAbstract(op) ? withSizes(opCase) : opCase)) || large;
      }
      assert.ok(large, "some results are far above the tolerance");
    });
  }

  it("no operator is left that ONNX lacks", () => {
    for (const op of (Object.keys(opTable) as OpKind[]).filter(isAbstract)) {
      for (const opCase of sampleCases(op, CASES)) {
        const { nodes } = lower(caseGraph(withSizes(opCase)), cpu);
        assert.deepEqual(
          nodes.filter((node) => isAbstract(node.op)),
          [],
          opCase.name,
        );
      }
    }
  });
});
