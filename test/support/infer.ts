/** @file Shape inference in one line: inputs as "float32 [batch, 3]", and what comes out, in the same form. */

import assert from "node:assert/strict";
import type { DType } from "../../src/ir/dtype.js";
import type { Value } from "../../src/ir/graph.js";
import { showShape } from "../../src/ir/shape.js";
import { GraphBuilder } from "../../src/ops/builder.js";

type Inputs = Readonly<Record<string, string>>;
type Build = (builder: GraphBuilder, values: Readonly<Record<string, Value>>) => Value | readonly Value[];

function declare(builder: GraphBuilder, inputs: Inputs): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, type]) => {
      const [, dtype, dims] = /^(\w+) \[(.*)\]$/.exec(type)!;
      const shape =
        dims === "" ? [] : dims!.split(", ").map((dim) => (/^\d+$/.test(dim) ? Number(dim) : dim));
      return [name, builder.input(name, dtype as DType, shape)];
    }),
  );
}

/** Checks dtype and shape of every value that `build` returns. */
export function infers(inputs: Inputs, build: Build, ...expected: readonly string[]): void {
  const builder = new GraphBuilder("net");
  const built = build(builder, declare(builder, inputs));
  const values = Array.isArray(built) ? (built as readonly Value[]) : [built as Value];
  assert.deepEqual(
    values.map(({ dtype, shape }) => `${dtype} ${showShape(shape)}`),
    expected,
  );
}

/** Checks the whole message with which `build` fails. */
export function refuses(inputs: Inputs, build: Build, message: string, name = "ShapeError"): void {
  const builder = new GraphBuilder("net");
  const values = declare(builder, inputs);
  assert.throws(() => build(builder, values), { name, message });
}
