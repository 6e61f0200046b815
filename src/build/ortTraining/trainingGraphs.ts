/**
 * @file training_model.onnx and eval_model.onnx of ONNX Runtime's on-device training, from any forward graph.
 *
 * The runtime owns parameters, gradients and statistics as buffers, and feeds each to the input of its name; what
 * a step computes for them is written in place. It tells inputs and outputs apart by the ends of their names.
 * Source: onnxruntime 1.19, orttraining/training_api/module.cc and python/training/onnxblock/_training_graph_utils.py
 */

import { nextName } from "../../../graphs/index.js";
import { GraphError } from "../../errors.js";
import { differentiate, gradientName } from "../../grad/differentiate.js";
import type { Graph, Value } from "../../ir/graph.js";
import { GraphBuilder } from "../../ops/builder.js";

/** The names that the runtime looks for. */
const RESET = "lazy_reset_grad";
const bufferName = (parameter: string): string => `${parameter}_grad.accumulation.buffer`;
const flagName = (parameter: string): string => `${parameter}_grad.accumulation.out`;
/** A tensor of the user's that ended so would be taken for the runtime's own. */
const RESERVED = /(_grad|_grad\.accumulation\.buffer|_grad\.accumulation\.out)$|^lazy_reset_grad$/;

const LOSS = "loss";

/**
 * Inputs: the user's, in their order; trainable parameters; statistics; a gradient buffer for each trainable parameter;
 * `lazy_reset_grad`. Outputs: `loss`; the user's others, in their order; a flag, always true, for each buffer written.
 * @param forward has an output `loss`; an output "<statistic>.next" for each statistic that a step changes; and any
 *   others, which are the user's
 * @throws GraphError when there is no loss, or a tensor of the user has a name that the runtime keeps for itself
 */
export function ortTrainingGraph(forward: Graph): Graph {
  checkNames(forward);
  const { trainable, statistics } = roles(forward);
  const names = trainable.map(({ name }) => name);
  const differentiated = differentiate(forward, LOSS, names);
  const computed = new Map(differentiated.outputs.map(({ name, value }) => [name, value]));
  const builder = GraphBuilder.from({
    ...differentiated,
    name: "training_model",
    inputs: orderedInputs(forward),
    outputs: userOutputs(forward),
  });
  const { op } = builder;

  const buffers = trainable.map(({ name, dtype, shape }) => builder.input(bufferName(name), dtype, shape));
  const reset = builder.input(RESET, "bool", [1]);
  builder.scope("accumulate", () => {
    names.forEach((name, at) => {
      const gradient = computed.get(gradientName(name))!;
      builder.output(flagName(name), op.accumulateInPlace(buffers[at]!, gradient, reset));
    });
    const overwrite = op.constant({ dtype: "bool", shape: [1], data: [1] });
    for (const statistic of statistics) {
      const next = computed.get(nextName(statistic.name));
      if (next === undefined) continue;
      builder.output(flagName(statistic.name), op.accumulateInPlace(statistic, next, overwrite));
    }
  });
  return builder.build();
}

/**
 * Inputs: the user's, in their order; trainable parameters; statistics. Outputs: `loss`; the user's others.
 * @param forward normalized by the running statistics
 * @throws GraphError as above
 */
export function ortEvalGraph(forward: Graph): Graph {
  checkNames(forward);
  return { ...forward, name: "eval_model", inputs: orderedInputs(forward), outputs: userOutputs(forward) };
}

function roles({ inputs, parameters }: Graph): { user: Value[]; trainable: Value[]; statistics: Value[] } {
  const isTrainable = ({ name }: Value) => parameters.get(name)?.trainable;
  return {
    user: inputs.filter((value) => isTrainable(value) === undefined),
    trainable: inputs.filter((value) => isTrainable(value) === true),
    statistics: inputs.filter((value) => isTrainable(value) === false),
  };
}

function orderedInputs(forward: Graph): Value[] {
  const { user, trainable, statistics } = roles(forward);
  return [...user, ...trainable, ...statistics];
}

function userOutputs(forward: Graph): Graph["outputs"] {
  const nexts = new Set(roles(forward).statistics.map(({ name }) => nextName(name)));
  const own = forward.outputs.filter(({ name }) => !nexts.has(name));
  return [...own.filter(({ name }) => name === LOSS), ...own.filter(({ name }) => name !== LOSS)];
}

function checkNames(forward: Graph): void {
  if (!forward.outputs.some(({ name }) => name === LOSS)) {
    const found = forward.outputs.map(({ name }) => name).join(", ");
    throw new GraphError(`graph ${forward.name}: has outputs ${found}, expected ${LOSS} among them`);
  }
  const taken = [...forward.inputs, ...forward.outputs].filter(({ name }) => RESERVED.test(name));
  if (taken.length === 0) return;
  throw new GraphError(
    `graph ${forward.name}: ${taken.map(({ name }) => name).join(", ")}: on-device training keeps such names ` +
      "for gradients, expected others; rename these inputs and outputs",
  );
}
