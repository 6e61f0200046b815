/** @file Small models that devices are tried on; the result is named y. */

import { encodeModel } from "../../src/codec/encode.js";
import type { Value } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { GraphBuilder } from "../../src/ops/builder.js";

function modelOf(name: string, result: (builder: GraphBuilder) => Value): Uint8Array {
  const builder = new GraphBuilder(name);
  builder.output("y", result(builder));
  return encodeModel(lower(builder.build(), cpu), { producerVersion: "0" });
}

/** y = x · factor, [batch, 2] */
export const scaled = (): Uint8Array =>
  modelOf("scaled", (builder) =>
    builder.op.mul(builder.input("x", "float32", ["batch", 2]), builder.input("factor", "float32", [])),
  );

/** y = bank [n, d] with its `rows` [k, 1] replaced by `updates` [k, d] */
export const scattered = ([n, d, k]: readonly [number, number, number]): Uint8Array =>
  modelOf("scattered", (builder) =>
    builder.op.scatterNd(
      builder.input("bank", "float32", [n, d]),
      builder.input("rows", "int64", [k, 1]),
      builder.input("updates", "float32", [k, d]),
    ),
  );

/** y = x^(times + 1), [side, side]: lasts about as long as is asked for. */
export const powers = (side: number, times: number): Uint8Array =>
  modelOf("powers", (builder) => {
    const x = builder.input("x", "float32", [side, side]);
    let power = x;
    for (let at = 0; at < times; at++) power = builder.op.matMul(power, x);
    return power;
  });
