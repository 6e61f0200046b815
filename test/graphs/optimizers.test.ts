import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { optimize, type OptimizerConfig } from "../../graphs/index.js";
import { differentiate, gradientName } from "../../src/grad/differentiate.js";
import type { Graph } from "../../src/ir/graph.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { RandomStream } from "../../src/random/philox.js";
import { evaluate, ndArray, type NdArray } from "../support/reference.js";

interface Golden {
  readonly rate: number;
  readonly steps: number;
  readonly cases: Readonly<Record<string, Readonly<Record<"weight" | "bias", readonly number[]>>>>;
}
const golden = JSON.parse(readFileSync("test/golden/optimizers.json", "utf8")) as Golden;

/** 2u - 1 from a stream of seed 0. */
function numbers(label: string, ...shape: number[]): NdArray {
  const stream = new RandomStream(0, label);
  const count = shape.reduce((a, b) => a * b, 1);
  return ndArray(
    shape,
    Array.from({ length: count }, () => 2 * stream.uniform() - 1),
  );
}

/** One step of the net of tools/makeOptimizerGolden.py. */
function stepGraph(config: OptimizerConfig): Graph {
  const forward = new GraphBuilder("net");
  const weight = forward.input("weight", "float32", [3, 4]);
  const bias = forward.input("bias", "float32", [3]);
  const x = forward.input("x", "float32", [5, 4]);
  const target = forward.input("target", "float32", [5, 3]);
  const { op } = forward;
  const error = op.sub(op.gemm(x, weight, bias, { transB: 1 }), target);
  forward.output("loss", op.reduceMean(op.mul(error, error)));
  const differentiated = differentiate(forward.build(), "loss", ["weight", "bias"]);
  const gradients = new Map(differentiated.outputs.map(({ name, value }) => [name, value]));
  const builder = GraphBuilder.from(differentiated);
  const rate = builder.input("rate", "float32", []);
  const updates = [weight, bias].map((value) => ({
    weight: value,
    gradient: gradients.get(gradientName(value.name))!,
  }));
  optimize(builder, updates, rate, config);
  return builder.build();
}

/** Every tensor after `golden.steps` steps; state starts at 0. */
function train(config: OptimizerConfig, initial?: ReadonlyMap<string, NdArray>): Map<string, NdArray> {
  const graph = stepGraph(config);
  let state = new Map<string, NdArray>(
    graph.inputs
      .filter(({ name }) => graph.outputs.some((output) => output.name === `${name}.next`))
      .map(({ name, shape }) => [
        name,
        ndArray(shape as number[], new Float64Array(12).subarray(0, sizeOf(shape))),
      ]),
  );
  state.set("weight", initial?.get("weight") ?? numbers("init/weight", 3, 4));
  state.set("bias", initial?.get("bias") ?? numbers("init/bias", 3));
  for (let step = 0; step < golden.steps; step++) {
    const fetched = evaluate(
      graph,
      new Map([
        ...state,
        ["x", numbers(`x/${step}`, 5, 4)] as const,
        ["target", numbers(`t/${step}`, 5, 3)] as const,
        ["rate", ndArray([], [golden.rate])] as const,
      ]),
    );
    state = new Map([...state.keys()].map((name) => [name, fetched.get(`${name}.next`)!]));
  }
  return state;
}

const sizeOf = (shape: readonly (number | string)[]): number =>
  (shape as readonly number[]).reduce((a, b) => a * b, 1);

function assertClose(found: Iterable<number>, expected: readonly number[], what: string): void {
  const all = [...found];
  const isClose = all.length === expected.length && all.every((x, at) => Math.abs(x - expected[at]!) < 1e-12);
  assert.ok(isClose, `${what} is [${all.join(", ")}], expected [${expected.join(", ")}]`);
}

const SGD = {
  name: "sgd",
  momentum: 0.9,
  nesterov: false,
  weightDecay: 0.1,
  decayNormAndBias: true,
} as const;
const ADAMW = {
  name: "adamw",
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  decayNormAndBias: true,
} as const;
const CASES: Readonly<Record<string, OptimizerConfig>> = {
  sgd: SGD,
  sgdWithoutMomentum: { ...SGD, momentum: 0, weightDecay: 0 },
  sgdNesterov: { ...SGD, momentum: 0.8, nesterov: true },
  sgdDecayOfWeights: { ...SGD, decayNormAndBias: false },
  adamw: ADAMW,
  adamwDecayOfWeights: {
    ...ADAMW,
    beta1: 0.7,
    beta2: 0.9,
    epsilon: 1e-2,
    weightDecay: 0.3,
    decayNormAndBias: false,
  },
};

/** LARS by its definition, on the net above. */
function larsByHand(momentum: number, decay: number, trust: number) {
  const weight = Float64Array.from(numbers("init/weight", 3, 4).data);
  const bias = Float64Array.from(numbers("init/bias", 3).data);
  const [velocity, biasVelocity] = [new Float64Array(12), new Float64Array(3)];
  for (let step = 0; step < golden.steps; step++) {
    const [x, t] = [numbers(`x/${step}`, 5, 4).data, numbers(`t/${step}`, 5, 3).data];
    const [slope, biasSlope] = [new Float64Array(12), new Float64Array(3)];
    for (let row = 0; row < 5; row++) {
      for (let out = 0; out < 3; out++) {
        let y = bias[out]!;
        for (let at = 0; at < 4; at++) y += x[4 * row + at]! * weight[4 * out + at]!;
        const error = (2 / 15) * (y - t[3 * row + out]!);
        biasSlope[out]! += error;
        for (let at = 0; at < 4; at++) slope[4 * out + at]! += error * x[4 * row + at]!;
      }
    }
    const [length, steepness] = [Math.hypot(...weight), Math.hypot(...slope)];
    const ratio = (trust * length) / (steepness + decay * length);
    for (let at = 0; at < 12; at++) {
      velocity[at] = momentum * velocity[at]! + golden.rate * ratio * (slope[at]! + decay * weight[at]!);
      weight[at]! -= velocity[at]!;
    }
    for (let at = 0; at < 3; at++) {
      biasVelocity[at] = momentum * biasVelocity[at]! + golden.rate * biasSlope[at]!;
      bias[at]! -= biasVelocity[at]!;
    }
  }
  return { weight: [...weight], bias: [...bias] };
}

describe("optimizers", () => {
  for (const [name, config] of Object.entries(CASES)) {
    it(`${name} makes ten steps as torch.optim does`, () => {
      const state = train(config);
      assertClose(state.get("weight")!.data, golden.cases[name]!.weight, "weight");
      assertClose(state.get("bias")!.data, golden.cases[name]!.bias, "bias");
    });
  }

  it("every case of the golden file is tested", () => {
    assert.deepEqual(Object.keys(CASES), Object.keys(golden.cases));
  });

  it("lars makes ten steps as its paper says", () => {
    const config = { name: "lars", momentum: 0.9, weightDecay: 0.1, trustCoefficient: 0.5 } as const;
    const state = train(config);
    const expected = larsByHand(0.9, 0.1, 0.5);
    assertClose(state.get("weight")!.data, expected.weight, "weight");
    assertClose(state.get("bias")!.data, expected.bias, "bias");
  });

  it("lars lets a layer whose weights are all zero move", () => {
    const zero = new Map([["weight", ndArray([3, 4], new Float64Array(12))]]);
    const config = { name: "lars", momentum: 0, weightDecay: 0, trustCoefficient: 0.001 } as const;
    const { data } = train(config, zero).get("weight")!;
    assert.ok(
      data.every((x) => Number.isFinite(x) && x !== 0),
      `weight is [${data.join(", ")}]`,
    );
  });

  it("adamw's corrections are 1 - βᵗ", () => {
    const state = train(ADAMW);
    assertClose(state.get("optimizer.bias_correction1")!.data, [1 - 0.9 ** 10], "correction");
    assertClose(state.get("optimizer.bias_correction2")!.data, [1 - 0.999 ** 10], "correction");
  });
});
