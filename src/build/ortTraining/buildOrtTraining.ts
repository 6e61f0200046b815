/** @file The four files that ONNX Runtime's on-device training loads, from one recipe. */

import { forwardGraph, type TrainStepConfig } from "../../../graphs/index.js";
import { writeCheckpoint } from "../../artifact/ortTraining/checkpoint.js";
import { encodeModel } from "../../codec/encode.js";
import { encodeOptimizerModel, type OrtOptimizer } from "../../codec/optimizerModel.js";
import type { Graph } from "../../ir/graph.js";
import { fromFloat32, type RawTensor } from "../../ir/rawTensor.js";
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
  /** Of the initial parameters, which are those of state.safetensors for the same seed. */
  readonly seed: number;
}

/**
 * Files by name. Inputs of a step are those of train_step.onnx but for the state: parameters, statistics and optimizer
 * belong to the session. The bank does not, as the runtime cannot update it: it is an input, and its new rows,
 * `bank_rows`, are an output that the caller writes to it.
 * Equal options give equal bytes.
 */
export function buildOrtTraining(
  config: TrainStepConfig,
  { optimizer, seed }: OrtTrainingOptions,
): Map<string, Uint8Array> {
  const forward = forwardGraph(config);
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
        trainable: initialValues(forward, true, seed),
        frozen: initialValues(forward, false, seed),
        optimizer: null,
        properties: new Map(),
      }),
    ],
  ]);
}

function initialValues(forward: Graph, trainable: boolean, seed: number): Map<string, RawTensor> {
  const wanted = [...forward.parameters].filter(([, parameter]) => parameter.trainable === trainable);
  return new Map(
    wanted.map(([name, parameter]) => [
      name,
      fromFloat32(initializeParameter(parameter, seed), parameter.value.shape as readonly number[]),
    ]),
  );
}
