/** @file Cases of operators on blocked feature maps. */

import type { blockedShapes } from "../../../src/ops/blocked.js";
import { BLOCK } from "../block.js";
import type { Draw } from "./draw.js";
import { drawn, type OpCases } from "./opCase.js";

function maps(draw: Draw, channels = BLOCK * draw.int(1, 2)) {
  return draw.floats([draw.int(1, 2), channels, ...draw.ints(2, 1, 4)]);
}

/** Many channels, few channels that are not in blocks, or one channel for each filter. */
function geometry(draw: Draw) {
  const kind = draw.pick("many", "few", "each");
  const channels = kind === "few" ? draw.int(1, BLOCK - 1) : BLOCK * draw.int(1, 2);
  const filters = kind === "each" ? channels : BLOCK * draw.int(1, 2);
  const group = kind === "each" ? channels : 1;
  const kernel = draw.ints(2, 1, 3);
  const x = [draw.int(1, 2), channels, ...kernel.map((size) => size + draw.int(0, 3))];
  const strides = draw.ints(2, 1, 2);
  const pads = draw.ints(4, 0, 1);
  const y = [0, 1].map((at) =>
    Math.floor((x[at + 2]! + pads[at]! + pads[at + 2]! - kernel[at]!) / strides[at]! + 1),
  );
  return { x, w: [filters, channels / group, ...kernel], y: [x[0]!, filters, ...y], strides, pads, group };
}

export const blockedCases = {
  ReorderInput: drawn((draw) => {
    const last = draw.bool();
    const channels = BLOCK * draw.int(1, 2);
    const [batch, size] = [draw.int(1, 2), draw.ints(2, 1, 4)];
    return {
      inputs: { x: draw.floats(last ? [batch, ...size, channels] : [batch, channels, ...size]) },
      build: ({ op }, { x }) => [last ? op.reorderInputChannelsLast(x!) : op.reorderInput(x!)],
      detail: { last },
    };
  }),
  ReorderOutput: drawn((draw) => {
    const last = draw.bool();
    return {
      inputs: { x: maps(draw) },
      build: ({ op }, { x }) => [last ? op.reorderOutputChannelsLast(x!) : op.reorderOutput(x!)],
      detail: { last },
    };
  }),
  BlockedConv: drawn((draw) => {
    const { x, w, y, ...window } = geometry(draw);
    const activation = draw.pick("", "Relu");
    const optional = {
      ...(draw.bool() && { B: draw.floats([w[0]!]) }),
      ...(draw.bool() && { Sum: draw.floats(y) }),
    };
    return {
      inputs: { X: draw.floats(x), W: draw.floats(w), ...optional },
      build: ({ op }, { X, W, B, Sum }) => [
        op.blockedConv(X!, W!, { ...window, activation }, B ?? null, Sum ?? null),
      ],
      detail: { ...window, activation },
    };
  }),
  BlockedGlobalAveragePool: drawn((draw) => ({
    inputs: { x: maps(draw) },
    build: ({ op }, { x }) => [op.blockedGlobalAveragePool(x!)],
  })),
} satisfies OpCases<keyof typeof blockedShapes>;
