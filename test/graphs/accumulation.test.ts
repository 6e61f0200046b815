/** @file Steps of three batches, by the two graphs of a step, against gradients that PyTorch accumulated in float64. */

import assert from "node:assert/strict";
import { accumulateStepGraph, nextName, trainStepGraph, type TrainStepConfig } from "../../graphs/index.js";
import { initializeBank, initializeParameters } from "../../src/build/initialize.js";
import { OPTIMIZER_DEFAULTS } from "../../src/build/optimizer.js";
import type { Graph } from "../../src/ir/graph.js";
import { evaluate, ndArray, type NdArray } from "../support/reference.js";
import { goldenBatches, goldenConfig, readCase, relativeError, type Golden } from "./golden.js";

interface Run {
  /** Of the six batches. */
  readonly losses: readonly number[];
  readonly tensors: Readonly<Record<string, { readonly values: string }>>;
}

interface AccumulationGolden {
  readonly accumulation: number;
  readonly case: Golden["case"];
  readonly optimizers: Readonly<Record<"sgd" | "adamw", Run>>;
}

/** Relative, of float64 after two steps; the worst seen is 2e-11. */
const TOLERANCE = 1e-9;
const golden = readCase("accumulation") as AccumulationGolden;
const { accumulation, case: setup } = golden;
const STEPS = setup.steps;

/** Zeros, but for what the seed says of parameters and bank; and the inputs that outlive a batch. */
function initialState(step: Graph): Map<string, NdArray> {
  const parameters = initializeParameters(step, setup.seed);
  const outputs = new Set(step.outputs.map(({ name }) => name));
  const state = step.inputs
    .filter(({ name }) => outputs.has(nextName(name)) || name.endsWith(".accumulated"))
    .map(({ name, shape }): [string, NdArray] => {
      const sizes = shape as readonly number[];
      const count = sizes.reduce((a, b) => a * b, 1);
      return [name, ndArray(sizes, parameters.get(name) ?? new Float64Array(count))];
    });
  const bank = initializeBank(setup.instances, setup.dim, setup.seed);
  return new Map([...state, ["bank", ndArray([setup.instances, setup.dim], bank)]]);
}

/** Takes over whatever of the state a graph returned, and writes the bank's rows. */
function keep(state: Map<string, NdArray>, fetched: ReadonlyMap<string, NdArray>, rows: Int32Array): void {
  for (const name of state.keys()) {
    const next = fetched.get(nextName(name));
    if (next) state.set(name, next);
  }
  const [bank, written] = [state.get("bank")!.data, fetched.get("bank_rows")!.data];
  rows.forEach((row, at) =>
    bank.set(written.subarray(at * setup.dim, (at + 1) * setup.dim), row * setup.dim),
  );
}

/** The golden's steps in the interpreter. */
async function train(config: TrainStepConfig): Promise<{ losses: number[]; state: Map<string, NdArray> }> {
  const graphs = { last: trainStepGraph(config), other: accumulateStepGraph(config) };
  const state = initialState(graphs.last);
  const batchOf = await goldenBatches(golden);
  const losses: number[] = [];
  for (let batch = 0; batch < STEPS * accumulation; batch++) {
    const { rows, pixelValues } = await batchOf(batch);
    const place = batch % accumulation;
    if (place === 0) {
      for (const [name, { data }] of state) if (name.endsWith(".accumulated")) data.fill(0);
    }
    const feeds = new Map<string, NdArray>([
      ...state,
      ["pixel_values", ndArray([setup.batch, 3, ...setup.imageSize], pixelValues)],
      ["rows", ndArray([setup.batch], rows)],
      ["learning_rate", ndArray([], [setup.learningRate])],
    ]);
    const fetched = evaluate(place === accumulation - 1 ? graphs.last : graphs.other, feeds);
    losses.push(fetched.get("loss")!.data[0]!);
    keep(state, fetched, rows);
  }
  return { losses, state };
}

describe("a step of three batches is PyTorch's", () => {
  const config = { ...goldenConfig(golden), accumulation };
  const configs: Readonly<Record<"sgd" | "adamw", TrainStepConfig>> = {
    sgd: config,
    adamw: { ...config, optimizer: OPTIMIZER_DEFAULTS.adamw },
  };

  for (const name of ["sgd", "adamw"] as const) {
    it(`with ${name}: losses, parameters, momentum, statistics and bank`, async () => {
      const { losses, state } = await train(configs[name]);
      const expected = golden.optimizers[name];
      losses.forEach((loss, at) =>
        assert.ok(Math.abs(loss / expected.losses[at]! - 1) < TOLERANCE, `${loss}`),
      );
      const errors = Object.entries(expected.tensors).map(([tensor, entry]) => {
        const ours = tensor.startsWith("momentum/") ? `${tensor.slice(9)}.momentum` : tensor;
        return { tensor, error: relativeError(golden, tensor, entry, state.get(ours)!.data) };
      });
      assert.ok(errors.length > 100, `${errors.length} tensors are compared`);
      const [worst] = errors.sort((a, b) => b.error - a.error);
      console.log(`    worst of ${errors.length}: ${worst!.tensor}, ${worst!.error.toExponential(1)}`);
      assert.ok(worst!.error < TOLERANCE, worst!.tensor);
    });
  }
});
