/** @file The four files that ONNX Runtime's on-device training loads, from one recipe. */

import { forwardGraph, type TrainStepConfig } from "../../../graphs/index.js";
import { writeCheckpoint } from "../../artifact/ortTraining/checkpoint.js";
import { encodeModel } from "../../codec/encode.js";
import { encodeOptimizerModel, type OrtOptimizer } from "../../codec/optimizerModel.js";
import { ArtifactError } from "../../errors.js";
import type { Graph, Parameter } from "../../ir/graph.js";
import { fromFloat32, type RawTensor } from "../../ir/rawTensor.js";
import { shapesEqual, showShape } from "../../ir/shape.js";
import { lower } from "../../lower/lower.js";
import { onDevice } from "../../lower/targets/onDevice.js";
import { initializeParameter } from "../initialize.js";
import { VERSION } from "../../version.js";
import { ortEvalGraph, ortTrainingGraph } from "./trainingGraphs.js";

/** The names that ONNX Runtime's own tools give them. */
export const ORT_TRAINING_FILES = {
  training: "training_model.onnx",
  eval: "eval_model.onnx",
  optimizer: "optimizer_model.onnx",
  checkpoint: "checkpoint",
} as const;

export interface OrtTrainingOptions {
  /** "adamw": PyTorch's, with decay 0.01; "sgd": without momentum or decay. Neither follows the recipe's optimizer. */
  readonly optimizer: OrtOptimizer;
  /**
   * Parameters and statistics by name, others are passed over: what state.safetensors holds. Or a seed: what it holds
   * in a folder that was built with this one.
   */
  readonly initial: ReadonlyMap<string, RawTensor> | number;
}

/**
 * Files by name. Inputs of a step are those of train_step.onnx but for the state: parameters, statistics and optimizer
 * belong to the session. The bank does not, as the runtime cannot update it: it is an input, and its new rows,
 * `bank_rows`, are an output that the caller writes to it.
 * Equal options give equal bytes.
 * @throws ArtifactError listing every initial tensor that is missing, or of another dtype or shape
 */
export function buildOrtTraining(
  config: TrainStepConfig,
  { optimizer, initial }: OrtTrainingOptions,
): Map<string, Uint8Array> {
  const forward = forwardGraph(config);
  const values = initialValues(forward, initial);
  const valuesOf = (trainable: boolean) =>
    new Map([...values].filter(([name]) => forward.parameters.get(name)!.trainable === trainable));
  const encode = (graph: Graph, docString: string) =>
    encodeModel(lower(graph, onDevice), { producerVersion: VERSION, docString });
  return new Map([
    [
      ORT_TRAINING_FILES.training,
      encode(ortTrainingGraph(forward), "Forward, loss, gradients and statistics, for on-device training."),
    ],
    [
      ORT_TRAINING_FILES.eval,
      encode(
        ortEvalGraph(forwardGraph(config, "eval")),
        "Loss by running statistics, for on-device training.",
      ),
    ],
    [ORT_TRAINING_FILES.optimizer, encodeOptimizerModel(optimizer, VERSION)],
    [
      ORT_TRAINING_FILES.checkpoint,
      writeCheckpoint({
        trainable: valuesOf(true),
        frozen: valuesOf(false),
        optimizer: null,
        properties: new Map(),
      }),
    ],
  ]);
}

function initialValues(
  { parameters }: Graph,
  initial: ReadonlyMap<string, RawTensor> | number,
): Map<string, RawTensor> {
  if (typeof initial === "number") {
    const draw = (parameter: Parameter) =>
      fromFloat32(initializeParameter(parameter, initial), parameter.value.shape as readonly number[]);
    return new Map([...parameters].map(([name, parameter]) => [name, draw(parameter)]));
  }
  const faults = [...parameters].flatMap(([name, { value }]) => {
    const found = initial.get(name);
    if (found === undefined) return [`${name} is missing`];
    if (found.dtype === value.dtype && shapesEqual(found.shape, value.shape)) return [];
    return [
      `${name} is ${found.dtype} ${showShape(found.shape)}, expected ${value.dtype} ${showShape(value.shape)}`,
    ];
  });
  if (faults.length > 0)
    throw new ArtifactError(
      `initial tensors of on-device training: ${faults.join("; ")}; pass those of the same recipe`,
    );
  return new Map([...parameters.keys()].map((name) => [name, initial.get(name)!]));
}
