/**
 * @file The optimizer of ONNX Runtime's on-device training, as a model of its own. It is the same for every network:
 * parameters and gradients come as sequences of tensors, a type that our graphs do not have, so it is written down
 * as it is. Names, order and types of inputs and outputs are those that the runtime insists on.
 * Source: onnxruntime 1.19, orttraining/training_api/optimizer.cc
 */

import { IR_VERSION, OPSET, OTHER_DOMAINS, PRODUCER } from "./encode.js";
import {
  AttributeProto,
  TensorProto,
  toInt64,
  writeModel,
  type NodeProto,
  type ValueInfoProto,
} from "./protobuf.js";
import { encodeValue } from "./valueInfo.js";

const { AttributeType } = AttributeProto;
const DOMAIN = "com.microsoft";
const FLAG = "updated_flag";

export const ORT_OPTIMIZERS = ["adamw", "sgd"] as const;
export type OrtOptimizer = (typeof ORT_OPTIMIZERS)[number];

/** How an optimizer is set; the learning rate is the caller's. */
const ADAMW = {
  floats: { alpha: 0.9, beta: 0.999, epsilon: 1e-8, weight_decay: 1e-2 },
  /** adam_mode 0: weights decay before the step, as in PyTorch, and not after it. */
  ints: { correct_bias: 1, adam_mode: 0 },
} as const;

interface Form {
  readonly node: NodeProto;
  /** Shape of the flag: each operator declares another. */
  readonly flagShape: readonly number[];
}

const FORMS: Readonly<Record<OrtOptimizer, Form>> = {
  adamw: {
    node: {
      opType: "AdamWOptimizer",
      input: ["learning_rate", "step", "params", "gradients", "first_order_moments", "second_order_moments"],
      attribute: [
        ...Object.entries(ADAMW.floats).map(([name, f]) => ({ name, type: AttributeType.FLOAT, f })),
        ...Object.entries(ADAMW.ints).map(([name, i]) => ({ name, type: AttributeType.INT, i: toInt64(i) })),
      ],
    },
    flagShape: [1],
  },
  sgd: {
    node: { opType: "SGDOptimizerV2", input: ["learning_rate", "params", "gradients"] },
    flagShape: [],
  },
};

/** A value that is a list of float32 tensors of any shape. */
function sequence(name: string): ValueInfoProto {
  return {
    name,
    type: { sequenceType: { elemType: { tensorType: { elemType: TensorProto.DataType.FLOAT } } } },
  };
}

/**
 * optimizer_model.onnx. "adamw": PyTorch's AdamW with decay 0.01; "sgd": w ← w - rate·g, without momentum or decay,
 * which the runtime's operator does not have.
 */
export function encodeOptimizerModel(optimizer: OrtOptimizer, producerVersion: string): Uint8Array {
  const { node, flagShape } = FORMS[optimizer];
  // The runtime wants step and first moments of SGD too, though nothing reads them.
  const moments =
    optimizer === "adamw" ? ["first_order_moments", "second_order_moments"] : ["first_order_moments"];
  return writeModel(
    {
      irVersion: toInt64(IR_VERSION),
      producerName: PRODUCER,
      producerVersion,
      opsetImport: [
        { domain: "", version: toInt64(OPSET) },
        { domain: DOMAIN, version: toInt64(OTHER_DOMAINS[DOMAIN]!) },
      ],
    },
    {
      name: "optimizer",
      node: [{ ...node, name: node.opType!, domain: DOMAIN, output: [FLAG] }],
      input: [
        encodeValue({ name: "learning_rate", dtype: "float32", shape: [1] }, ""),
        encodeValue({ name: "step", dtype: "int64", shape: [1] }, ""),
        ...["params", "gradients", ...moments].map(sequence),
      ],
      output: [encodeValue({ name: FLAG, dtype: "bool", shape: flagShape }, "")],
    },
  );
}
