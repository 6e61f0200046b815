/** @file A network of a few nodes that touches every feature of the codec. */

import { fromFloat32, type RawTensor } from "../../src/ir/rawTensor.js";
import type { Graph } from "../../src/ir/graph.js";
import { elementCount, isStatic } from "../../src/ir/shape.js";
import { GraphBuilder } from "../../src/ops/builder.js";

/**
 * x [batch, 1, 4, 4] → features [batch, 2]: convolution, batch normalization, pooling, linear layer. The
 * output goes by the name of the value, as nameOutputs leaves it.
 */
export function smallNet(): Graph {
  const builder = new GraphBuilder("small");
  const { op } = builder;
  const x = builder.input("x", "float32", ["batch", 1, 4, 4]);
  const features = builder.scope("stem", () => {
    const weight = builder.parameter("conv.weight", [2, 1, 3, 3], { kind: "normal", std: 0.1 });
    const perChannel = (name: string, value: number, trainable: boolean) =>
      builder.parameter(`bn.${name}`, [2], { kind: "constant", value }, trainable);
    const normalized = op.batchNormalization(
      op.conv(x, weight, { pads: [1, 1, 1, 1] }),
      {
        scale: perChannel("weight", 1, true),
        bias: perChannel("bias", 0, true),
        mean: perChannel("running_mean", 0, false),
        variance: perChannel("running_var", 1, false),
      },
      1e-5,
    );
    return op.maxPool(op.relu(normalized), { kernelShape: [2, 2], strides: [2, 2] }); // [batch, 2, 2, 2]
  });
  const fc = builder.parameter("fc.weight", [2, 2], { kind: "uniform", bound: 0.5 });
  const pooled = op.flatten(op.globalAveragePool(features)); // [batch, 2]
  const scaled = op.scale(op.gemm(pooled, fc, null, { transB: 1 }), 0.5);
  builder.output(scaled.name, scaled);
  return builder.build();
}

/** The only output of smallNet. */
export const SMALL_OUTPUT = "/Mul_output_0";

/**
 * Weights with which smallNet copies the mean of the positive part: the kernel of channel 0 is 1 in its
 * middle, that of channel 1 is -1; everything else leaves numbers as they are, but for √(1 + 1e-5).
 */
export function smallTensors(): Map<string, RawTensor> {
  const middle = (value: number) => [0, 0, 0, 0, value, 0, 0, 0, 0];
  const numbers: Record<string, number[]> = {
    "stem.conv.weight": [...middle(1), ...middle(-1)],
    "stem.bn.weight": [1, 1],
    "stem.bn.bias": [0, 0],
    "stem.bn.running_mean": [0, 0],
    "stem.bn.running_var": [1, 1],
    "fc.weight": [1, 0, 0, 1],
  };
  return new Map(
    [...smallNet().parameters].map(([name, { value }]) => {
      if (!isStatic(value.shape)) throw new Error(`${name} has a named dimension`);
      const data = Float32Array.from(numbers[name] ?? new Array<number>(elementCount(value.shape)).fill(0));
      return [name, fromFloat32(data, value.shape)];
    }),
  );
}
