/** @file Every operator, lowered and run by ONNX Runtime, against the float64 interpreter. */

import assert from "node:assert/strict";
import { isAbstract, opTable, type OpKind } from "../../src/ir/opTable.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { caseFeeds, caseGraph, sampleCases, type OpCase } from "../support/opCases.js";
import { evaluate, ndArray, type Feeds, type NdArray } from "../support/reference.js";
import { runOn } from "../support/runtime.js";

const CASES = 25;
/** Of the largest number in or out: float32, with room for exp, sums in another order, and terms that nearly cancel. */
const TOLERANCE = 2e-6;
/** So that rounding alone does not look like an error where a result is zero. */
const SMALL = 1e-6;

/** The numbers as float32 holds them, so that both sides start from the same. */
function rounded(feeds: Feeds): Feeds {
  return new Map([...feeds].map(([name, { shape, data }]) => [name, ndArray(shape, data.map(Math.fround))]));
}

const largest = (arrays: Iterable<NdArray>): number =>
  [...arrays].flatMap(({ data }) => [...data]).reduce((most, number) => Math.max(most, Math.abs(number)), 0);

function assertClose(found: NdArray, expected: NdArray, size: number, what: string): void {
  assert.deepEqual(found.shape, expected.shape, `${what}: shape`);
  found.data.forEach((number, at) => {
    const error = Math.abs(number - expected.data[at]!);
    assert.ok(
      error <= TOLERANCE * size + SMALL,
      `${what}: element ${at} is ${number}, the interpreter gives ${expected.data[at]}`,
    );
  });
}

/** Named dimensions are for inference: gradients are lowered for known sizes. */
function withSizes(opCase: OpCase): OpCase {
  const inputs = Object.entries(opCase.inputs).map(([name, input]) => [
    name,
    { ...input, shape: input.value.shape },
  ]);
  return { ...opCase, inputs: Object.fromEntries(inputs) as OpCase["inputs"] };
}

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
    it(`${op} gives what the interpreter gives`, async () => {
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
