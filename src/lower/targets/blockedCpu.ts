/** @file The CPU execution provider with its own blocked layout of feature maps: right where blocks have this size. */

import type { NodeView } from "../../ir/graph.js";
import type { OpKind } from "../../ir/opTable.js";
import {
  blockedConvolution,
  blockedInputGradient,
  blockedInputGradientByPhases,
  hasPhases,
  isBlockable,
  isGradientBlockable,
} from "../lowerings/blocked/convolution.js";
import {
  blockedNormalizationGradient,
  blockedNormalizationTraining,
  isNormalizationBlockable,
} from "../lowerings/blocked/normalization.js";
import {
  isImageBlockable,
  isPictureBlockable,
  weightGradientByImages,
  weightGradientByPictureBlocks,
} from "../lowerings/blocked/weightGradient.js";
import { isFlippable } from "../lowerings/convolution.js";
import { softmaxByParts } from "../lowerings/reduction.js";
import { divideFirst } from "../passes/divideFirst.js";
import { addParts } from "../passes/addParts.js";
import { cancelReorders, fuseIntoConvolutions, sinkReorders } from "../passes/blocks.js";
import { multiplyMasks } from "../passes/multiplyMasks.js";
import type { Candidate, Target } from "../target.js";
import { cpu } from "./cpu.js";

function weightGradients(block: number): Candidate<"ConvWeightGradient">[] {
  return [
    {
      name: "pictureBlocks",
      applies: (node) => isPictureBlockable(node, block),
      lower: (op, node) => ({ dW: weightGradientByPictureBlocks(op, node, block) }),
    },
    {
      name: "blockedImages",
      applies: (node) => isImageBlockable(node, block),
      lower: (op, node) => ({ dW: weightGradientByImages(op, node, block) }),
    },
    ...cpu.candidates.ConvWeightGradient,
  ];
}

function inputGradients(block: number): Candidate<"ConvInputGradient">[] {
  return [
    {
      name: "blockedFlippedConv",
      applies: (node) => isFlippable(node) && isGradientBlockable(node, block),
      lower: (op, node) => ({ dX: blockedInputGradient(op, node, block) }),
    },
    {
      name: "blockedPhases",
      applies: (node) => hasPhases(node) && isGradientBlockable(node, block),
      lower: (op, node) => ({ dX: blockedInputGradientByPhases(op, node, block) }),
    },
    ...cpu.candidates.ConvInputGradient,
  ];
}

const onlyWhere = <K extends OpKind>(
  applies: (node: NodeView<K>) => boolean,
  candidates: readonly Candidate<K>[],
): Candidate<K>[] => candidates.map((candidate) => ({ ...candidate, applies }));

/** @param block channels that lie side by side, as ONNX Runtime has it on the machine that will run the graph */
export function blockedCpu(block: number): Target {
  return {
    ...cpu,
    block,
    candidates: {
      ...cpu.candidates,
      Conv: [
        {
          name: "blocked",
          applies: (node) => isBlockable(node, block),
          lower: (op, node) => ({ Y: blockedConvolution(op, node, block) }),
        },
        { name: "plain", lower: null },
      ],
      ConvInputGradient: inputGradients(block),
      ConvWeightGradient: weightGradients(block),
      // Training steps have it as the gradient of ReduceLogSumExp.
      Softmax: [{ name: "parts", lower: (op, node) => ({ Y: softmaxByParts(op, node) }) }],
      // No question: what is gained in blocks is gained by the neighbours, which fuse with it.
      BatchNormalizationTraining: [
        {
          name: "blocked",
          applies: ({ inputs: { X } }) => isNormalizationBlockable(X, block),
          lower: blockedNormalizationTraining,
        },
        ...onlyWhere<"BatchNormalizationTraining">(
          ({ inputs: { X } }) => !isNormalizationBlockable(X, block),
          cpu.candidates.BatchNormalizationTraining,
        ),
      ],
      BatchNormalizationGradient: [
        {
          name: "blocked",
          applies: ({ inputs: { X } }) => isNormalizationBlockable(X, block),
          lower: blockedNormalizationGradient,
        },
        ...onlyWhere<"BatchNormalizationGradient">(
          ({ inputs: { X } }) => !isNormalizationBlockable(X, block),
          cpu.candidates.BatchNormalizationGradient,
        ),
      ],
    },
    passes: [
      ...[divideFirst, addParts, cancelReorders, sinkReorders, fuseIntoConvolutions, multiplyMasks],
      ...cpu.passes!,
    ],
  };
}
