/** @file Cases of reductions, and of normalizations along one axis. */

import type { OpKind } from "../../../src/ir/opTable.js";
import type { reductionShapes } from "../../../src/ops/reduction.js";
import type { Draw } from "./draw.js";
import { drawn, type CaseInput, type OpCases } from "./opCase.js";

type Reduction = Extract<OpKind, `Reduce${string}`>;

const anyFloats = (draw: Draw, sizes: readonly number[]): CaseInput => draw.floats(sizes);
const distinctFloats = (draw: Draw, sizes: readonly number[]): CaseInput => draw.distinctFloats(sizes)[0]!;

const reduction = (op: Reduction, numbers = anyFloats) =>
  drawn((draw) => {
    const data = numbers(draw, draw.shape(0, 4));
    const rank = data.shape.length;
    const axes = draw.axes(rank, 1);
    const keepdims = draw.int(0, 1);
    // A mean over a named dimension has no gradient rule: its divisor is not known while building.
    const nameable = op !== "ReduceMean" || (!axes.includes(0) && !axes.includes(-rank));
    return {
      inputs: { data: nameable ? draw.batched(data) : data },
      build: (builder, { data }) => {
        const listed = builder.constant({ dtype: "int64", shape: [axes.length], data: axes });
        return [builder.emit(op, { data: data!, axes: listed }, { keepdims }).reduced];
      },
      detail: { axes, keepdims },
    };
  });

const alongAxis = (op: "Softmax" | "LogSoftmax") =>
  drawn((draw) => {
    const sizes = draw.shape(1, 4);
    const axis = draw.axis(sizes.length);
    return {
      inputs: { X: draw.batched(draw.floats(sizes)) },
      build: (builder, { X }) => [builder.emit(op, { X: X! }, { axis }).Y],
      detail: { axis },
    };
  });

export const reductionCases = {
  ReduceSum: reduction("ReduceSum"),
  ReduceMean: reduction("ReduceMean"),
  ReduceMax: reduction("ReduceMax", distinctFloats),
  ReduceSumSquare: reduction("ReduceSumSquare"),
  ReduceLogSumExp: reduction("ReduceLogSumExp"),
  Softmax: alongAxis("Softmax"),
  LogSoftmax: alongAxis("LogSoftmax"),
} satisfies OpCases<keyof typeof reductionShapes>;
