/** @file Training steps in half types: what they compute, and what in them is half. */

import assert from "node:assert/strict";
import { nextName, OPTIMIZERS, trainStepGraph } from "../../graphs/index.js";
import { initializeParameters, initializeUnitBank } from "../../src/build/initialize.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { OPTIMIZER_DEFAULTS } from "../../src/build/optimizer.js";
import { checkRecipe, DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { encodeModel } from "../../src/codec/encode.js";
import { viewNode, type Graph, type Node, type Value } from "../../src/ir/graph.js";
import type { Precision } from "../../src/ir/precision.js";
import { lower } from "../../src/lower/lower.js";
import { fixSizes } from "../../src/lower/passes/fixSizes.js";
import { scaleGradients } from "../../src/lower/passes/scaleGradients.js";
import { GRADIENT_SCALE, withPrecision } from "../../src/lower/precision.js";
import { rewriteNodes } from "../../src/lower/rewrite.js";
import { simplify } from "../../src/lower/simplify.js";
import { cuda } from "../../src/lower/targets/cuda.js";
import type { OpBuilder } from "../../src/ops/table.js";
import { RandomStream } from "../../src/random/philox.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../../src/runtime/session.js";
import { evaluate, ndArray, type Feeds } from "../support/reference.js";

const INSTANCES = 16;
const RECIPE: Recipe = {
  ...DEFAULT_RECIPE,
  arch: "resnet10",
  width: 4,
  imageSize: 16,
  batchSize: 8,
  embeddingDim: 8,
};
const RATE = 0.03;
const STEPS = 20;
/** Of the loss in float32. */
const TOLERANCE = 0.03;

const stepOf = (recipe: Recipe): Graph =>
  simplify(fixSizes(trainStepGraph(checkRecipe(recipe)), { instances: INSTANCES }));

/** Numbers for every input: parameters as at the start, optimizer's state zero. */
function startOf(graph: Graph): Map<string, HostTensor> {
  const parameters = initializeParameters(graph, 3);
  return new Map(
    graph.inputs.map(({ name, dtype, shape: dims }): [string, HostTensor] => {
      const shape = dims as readonly number[];
      if (dtype === "int64") return [name, int64s(shape)];
      return [name, floats(shape, parameters.get(name))];
    }),
  );
}

function fillBatch(feeds: ReadonlyMap<string, HostTensor>, step: number): void {
  const stream = new RandomStream(5, "batch", String(step % 2));
  const rows = feeds.get("rows")!.data as BigInt64Array;
  rows.forEach((_, at) => (rows[at] = BigInt((step % 2) * rows.length + at)));
  const pixels = feeds.get("pixel_values")!.data as Float32Array;
  pixels.forEach((_, at) => (pixels[at] = stream.normal()));
}

/** Losses of the first steps; the bank is written as training does. */
async function losses(graph: Graph): Promise<number[]> {
  const model = encodeModel(lower(graph, cuda), { producerVersion: "test" });
  const session = await openSession(model, graph.name, { ep: "cpu", threads: 1 });
  const feeds = startOf(graph);
  const bank = feeds.get("bank") as FloatTensor;
  bank.data.set(initializeUnitBank(INSTANCES, RECIPE.embeddingDim, 1));
  (feeds.get("learning_rate") as FloatTensor).data[0] = RATE;
  const into = new Map(
    graph.outputs.map(({ name, value }) => [name, floats(value.shape as readonly number[])]),
  );
  const found: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    fillBatch(feeds, step);
    await session.run(feeds, into);
    found.push(into.get("loss")!.data[0]!);
    for (const [name, { data }] of feeds) {
      const next = into.get(nextName(name));
      if (next) (data as Float32Array).set(next.data);
    }
    const rows = into.get("bank_rows")!.data;
    (feeds.get("rows")!.data as BigInt64Array).forEach((row, at) =>
      bank.data.set(
        rows.subarray(at * RECIPE.embeddingDim, (at + 1) * RECIPE.embeddingDim),
        Number(row) * RECIPE.embeddingDim,
      ),
    );
  }
  await session.close();
  return found;
}

function remake(op: OpBuilder, node: Node): Value {
  switch (node.op) {
    case "Gemm": {
      const { inputs, attributes } = viewNode({ ...node, op: node.op });
      return op.gemm(inputs.A, inputs.B, inputs.C, attributes);
    }
    case "ConvWeightGradient": {
      const { inputs, attributes } = viewNode({ ...node, op: node.op });
      return op.convWeightGradient(inputs.dY, inputs.X, attributes);
    }
    default:
      throw new RangeError(`${node.name}: ${node.op} is no product of this step`);
  }
}

/** The products of bfloat16 numbers computed in float32, and rounded: the CPU provider has none of bfloat16. */
function inFloat32(graph: Graph): Graph {
  const wide = (op: OpBuilder, x: Value) => (x.dtype === "bfloat16" ? op.cast(x, "float32") : x);
  return rewriteNodes(graph, (node, op) => {
    const [output] = node.outputs;
    if (output!.dtype !== "bfloat16" || node.op === "Cast") return null;
    const inputs = node.inputs.map((value) => value && wide(op, value));
    const product = remake(op, { ...node, inputs });
    return [op.cast(product, "bfloat16")];
  }).graph;
}

describe("a training step", () => {
  const step = stepOf(RECIPE);

  let expected: readonly number[];
  before(async () => {
    expected = await losses(step);
    assert.ok(expected.at(-1)! < 0.8 * expected[0]!, "learns at all");
  });

  function assertLearns(found: readonly number[]): void {
    found.forEach((loss, at) => {
      const error = Math.abs(loss - expected[at]!) / expected[at]!;
      assert.ok(error < TOLERANCE, `step ${at}: loss ${loss}, in float32 ${expected[at]}`);
    });
    assert.notDeepEqual(found, expected);
  }

  it("in fp16 learns as in fp32", async () => assertLearns(await losses(withPrecision(step, "fp16"))));

  it("in bf16 learns as in fp32", async () =>
    assertLearns(await losses(inFloat32(withPrecision(step, "bf16")))));

  it("in fp32 is the portable one", () => assert.equal(withPrecision(step, "fp32"), step));
});

describe("in half types", () => {
  const step = stepOf({ ...RECIPE, stem: "imagenet", arch: "resnet50", width: 1, imageSize: 32 });
  const halves = (graph: Graph, type: string) =>
    graph.nodes.filter(({ op, outputs }) => op !== "Cast" && outputs[0]!.dtype === type);
  const isPoint = (node: Graph["nodes"][number]) =>
    node.op === "Conv" &&
    viewNode({ ...node, op: node.op }).inputs.W.shape[2] === 1 &&
    node.attributes["strides"]?.toString() === "1,1";

  it("fp16 computes all convolutions, their gradients and the head", () => {
    const products = /^(Conv|Gemm)/;
    const all = step.nodes.filter(({ op, name }) => products.test(op) && !name.includes("objective"));
    const half = halves(withPrecision(step, "fp16"), "float16");
    assert.deepEqual(half.map(({ op }) => op).sort(), all.map(({ op }) => op).sort());
  });

  it("bf16 computes weight gradients, convolutions of one pixel and the head", () => {
    const half = halves(withPrecision(step, "bf16"), "bfloat16");
    const count = (op: string) => half.filter((node) => node.op === op).length;
    assert.equal(count("Conv"), step.nodes.filter(isPoint).length);
    assert.equal(
      count("ConvWeightGradient"),
      step.nodes.filter(({ op }) => op === "ConvWeightGradient").length,
    );
  });

  it("inputs, outputs, normalizations and loss stay as they are", () => {
    for (const precision of ["fp16", "bf16"] as const) {
      const half = withPrecision(step, precision);
      assert.deepEqual(half.inputs, step.inputs);
      assert.deepEqual(
        half.outputs.map(({ name, value: { dtype, shape } }) => [name, dtype, shape]),
        step.outputs.map(({ name, value: { dtype, shape } }) => [name, dtype, shape]),
      );
      const full = half.nodes.filter(({ op, name }) => op.startsWith("BatchNorm") || /objective/.test(name));
      assert.ok(full.every(({ outputs }) => !/16/.test(outputs[0]!.dtype)));
    }
  });

  for (const precision of ["fp16", "bf16"] satisfies Precision[]) {
    it(`${precision} has kernels on cuda`, () => {
      for (const arch of ["resnet10", "alexnet", "vgg16_bn"] as const) {
        const stem = arch === "resnet10" ? "imagenet" : null;
        const graph = stepOf({ ...RECIPE, arch, stem, imageSize: 64, width: 1, batchSize: 2 });
        assert.ok(lower(withPrecision(graph, precision), cuda).nodes.length > 0);
      }
    });
  }
});

describe("scaled gradients", () => {
  const numbersOf = (graph: Graph): Feeds => {
    const stream = new RandomStream(2, "inputs");
    return new Map(
      graph.inputs.map(({ name, dtype, shape }) => {
        const sizes = shape as readonly number[];
        const count = sizes.reduce((product, size) => product * size, 1);
        const draw = (_: unknown, at: number) => (dtype === "int64" ? at % INSTANCES : stream.normal() ** 2);
        return [name, ndArray(sizes, Array.from({ length: count }, draw))];
      }),
    );
  };
  const tiny: Recipe = { ...RECIPE, width: 1, imageSize: 8, batchSize: 2, embeddingDim: 2 };
  const nce = { ...OBJECTIVE_DEFAULTS.nce, negatives: 3 };
  const recipes: readonly (readonly [string, Recipe])[] = [
    ...OPTIMIZERS.map((name) => [name, { ...tiny, optimizer: OPTIMIZER_DEFAULTS[name] }] as const),
    ["nce", { ...tiny, objective: nce }],
    ["the parametric softmax", { ...tiny, objective: { name: "parametric", instances: INSTANCES } }],
    ["two batches", { ...tiny, accumulation: 2 }],
    ["vgg16", { ...tiny, arch: "vgg16", stem: null, imageSize: 32 }],
  ];
  for (const [title, recipe] of recipes) {
    it(`of a step with ${title} give the same results, to the bit`, () => {
      const step = stepOf(recipe);
      const scaled = scaleGradients(step, GRADIENT_SCALE);
      const feeds = numbersOf(step);
      assert.deepEqual(evaluate(scaled, feeds), evaluate(step, feeds));
      const divided = scaled.nodes.filter(({ name }) => name.startsWith("/unscale/"));
      const trainable = [...step.parameters.values()].filter((parameter) => parameter.trainable);
      assert.ok(divided.length >= trainable.length - 1, "gradients come to the optimizer scaled");
      // None on the way: what is divided is as large as a parameter.
      const sizes = new Set(trainable.map(({ value }) => value.shape.join()));
      for (const { outputs, name } of divided) assert.ok(sizes.has(outputs[0]!.shape.join()), name);
    });
  }

  it("stay out of a graph that has none", () => {
    const graph = simplify(withPrecision(stepOf(tiny), "fp32"));
    const forward = { ...graph, nodes: graph.nodes.filter(({ name }) => !name.startsWith("/grad/")) };
    assert.equal(scaleGradients(forward, 2), forward);
  });
});
