/**
 * @file Every way to write an operator gives what the interpreter gives. Those for CUDA are operators of the ONNX standard,
 * so the CPU runs them too.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { OpKind } from "../../src/ir/opTable.js";
import { candidatesFor, type Candidate, type Target } from "../../src/lower/target.js";
import { blockedCpu } from "../../src/lower/targets/blockedCpu.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { cuda } from "../../src/lower/targets/cuda.js";
import { BLOCK, NO_BLOCKS } from "../support/block.js";
import { caseFeeds, caseGraph, sampleCases, type OpCase } from "../support/opCases.js";
import type { Draw } from "../support/opCases/draw.js";
import { drawn } from "../support/opCases/opCase.js";
import { evaluate } from "../support/reference.js";
import { runOn } from "../support/runtime.js";
import { assertClose, largest, rounded, withSizes } from "../support/closeness.js";

/** A convolution whose channels mostly fill blocks. */
function geometry(draw: Draw) {
  const [channels, filters] = [draw.pick(BLOCK, 2 * BLOCK, 3), draw.pick(BLOCK, 2 * BLOCK)];
  const [kernel, stride, pad] = draw.pick([3, 1, 1], [3, 2, 1], [1, 2, 0], [1, 1, 0], [5, 1, 2], [4, 2, 1]);
  const inputSize = [2 * draw.int(2, 3), 2 * draw.int(2, 3)];
  const outputSize = inputSize.map((size) => Math.floor((size + 2 * pad - kernel) / stride + 1));
  const batch = draw.pick(1, 3, 2 * BLOCK);
  return {
    attributes: { strides: [stride, stride], pads: [pad, pad, pad, pad] },
    kernelShape: [kernel, kernel],
    inputSize,
    x: [batch, channels, ...inputSize],
    w: [filters, channels, kernel, kernel],
    y: [batch, filters, ...outputSize],
  };
}

function maps(draw: Draw) {
  const sizes = [draw.int(1, 3), BLOCK * draw.int(1, 2), draw.pick(1, 2, 40), draw.pick(1, 3, 40)];
  const channels = [sizes[1]!];
  return { x: draw.floats(sizes), like: draw.floats(sizes), channels, epsilon: 1e-5 };
}

const CASES: Partial<Record<OpKind, fc.Arbitrary<OpCase>>> = {
  Conv: drawn((draw) => {
    const { attributes, x, w } = geometry(draw);
    return {
      inputs: { X: draw.floats(x), W: draw.floats(w), ...(draw.bool() && { B: draw.floats([w[0]!]) }) },
      build: ({ op }, { X, W, B }) => [op.conv(X!, W!, attributes, B ?? null)],
      detail: attributes,
    };
  }),
  ConvInputGradient: drawn((draw) => {
    const { attributes, inputSize, w, y } = geometry(draw);
    return {
      inputs: { dY: draw.floats(y), W: draw.floats(w) },
      build: ({ op }, { dY, W }) => [op.convInputGradient(dY!, W!, { ...attributes, inputSize })],
      detail: attributes,
    };
  }),
  ConvWeightGradient: drawn((draw) => {
    const { attributes, kernelShape, x, y } = geometry(draw);
    return {
      inputs: { dY: draw.floats(y), X: draw.floats(x) },
      build: ({ op }, { dY, X }) => [op.convWeightGradient(dY!, X!, { ...attributes, kernelShape })],
      detail: attributes,
    };
  }),
  BatchNormalizationTraining: drawn((draw) => {
    const { x, channels, epsilon } = maps(draw);
    return {
      inputs: { x, scale: draw.floats(channels), bias: draw.floats(channels) },
      build: ({ op }, { x, scale, bias }) => {
        const { Y, mean, var: variance } = op.batchNormalizationTraining(x!, scale!, bias!, epsilon);
        return [Y, mean, variance];
      },
    };
  }),
  BatchNormalizationGradient: drawn((draw) => {
    const { x, like, channels, epsilon } = maps(draw);
    return {
      inputs: { dY: like, x, scale: draw.floats(channels), bias: draw.floats(channels) },
      build: ({ op }, { dY, x, scale, bias }) => {
        const { mean, var: variance } = op.batchNormalizationTraining(x!, scale!, bias!, epsilon);
        const found = op.batchNormalizationGradient(dY!, x!, { scale: scale!, mean, variance }, epsilon);
        return [found.dX, found.dScale, found.dB];
      },
    };
  }),
};

/** The target with a single way to write `op`. */
function only(target: Target, op: OpKind, candidate: Candidate<OpKind>): Target {
  return { ...target, candidates: { ...target.candidates, [op]: [{ ...candidate, suits: () => true }] } };
}

/** Cases that a candidate is right for, of those drawn. */
async function compareAll(
  target: Target,
  op: OpKind,
  cases: readonly OpCase[],
): Promise<Map<string, number>> {
  const compared = new Map<string, number>();
  for (const opCase of cases) {
    const graph = caseGraph(opCase);
    const feeds = rounded(caseFeeds(opCase));
    const expected = evaluate(graph, feeds);
    const size = largest([...feeds.values(), ...expected.values()]);
    const node = graph.nodes.find((one) => one.op === op)!;
    for (const candidate of candidatesFor(node, target)) {
      const found = await runOn(only(target, op, candidate), graph, feeds);
      for (const [name, values] of expected) {
        assertClose(found.get(name)!, values, size, `${candidate.name}: ${opCase.name}, ${name}`);
      }
      compared.set(candidate.name, (compared.get(candidate.name) ?? 0) + 1);
    }
  }
  return compared;
}

function compareCandidatesOf(target: Target, ops = Object.keys(target.candidates) as OpKind[]): void {
  for (const op of ops) {
    it(`of ${op} all give what the interpreter gives`, async () => {
      const blocked = CASES[op] ? fc.sample(CASES[op], { numRuns: 30, seed: 1 }) : [];
      const cases = [...sampleCases(op, 10).map(withSizes), ...blocked];
      const compared = await compareAll(target, op, cases);
      const all = target.candidates[op]!.map(({ name }) => name);
      assert.deepEqual([...compared.keys()].sort(), [...all].sort());
    });
  }
}

describe("candidates for the cpu", () => {
  before(function () {
    if (NO_BLOCKS === null) return;
    console.log(`      skipped: ${NO_BLOCKS}`);
    this.skip();
  });
  compareCandidatesOf(blockedCpu(BLOCK));
});

describe("candidates for cuda, on the cpu", () => {
  const own = (Object.keys(cuda.candidates) as OpKind[]).filter(
    (op) => cuda.candidates[op] !== cpu.candidates[op],
  );
  compareCandidatesOf({ ...cuda, ep: "cpu" }, own);
});
