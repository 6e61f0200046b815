/** @file Numbers to run a model with, when only the time matters. */

import { initializeParameters } from "../build/initialize.js";
import { ProviderError, UsageError } from "../errors.js";
import type { Sizes } from "../ir/cost.js";
import type { Graph } from "../ir/graph.js";
import { elementCount, isStatic } from "../ir/shape.js";
import { RandomStream } from "../random/philox.js";
import { floats, int64s, type DeclaredTensor, type HostTensor } from "../runtime/session.js";

type Tensors = ReadonlyMap<string, HostTensor>;

/** dtypes that a session takes. */
const FED = ["float32", "int64", "uint8"];

/** Random numbers of which one after the other is taken: as many as a large input has would take long to draw. */
const DRAWN = 4096;

/** Far apart in the bank, so that rows are not in the cache by chance. */
const STRIDE = 7919;

/**
 * A tensor for every input. Parameters of our graphs start as in training; other floats are within (0, 1), since 0 and
 * what is near it takes another time to compute with; rows of the bank lie all over it.
 * @param where names the model in messages
 * @throws UsageError when a size is not known; ProviderError when a dtype is none that a session takes
 */
export function feedsOf(
  inputs: readonly DeclaredTensor[],
  graph: Graph | null,
  sizes: Sizes,
  where: string,
): Tensors {
  checkInputs(inputs, sizes, where);
  const parameters = graph === null ? new Map<string, never>() : initializeParameters(graph, 0);
  return new Map(
    inputs.map((input) => {
      const shape = sized(input, sizes) as number[];
      const initial = parameters.get(input.name);
      return [input.name, initial ? floats(shape, initial) : filled(input, shape, sizes["instances"] ?? 1)];
    }),
  );
}

/** Places for all results, as training has them; none where one of them has a size or dtype that is not known. */
export function placesFor(outputs: readonly DeclaredTensor[], sizes: Sizes): Tensors {
  const shaped = outputs.map((output) => ({ ...output, shape: sized(output, sizes) }));
  const places = shaped.flatMap(({ name, dtype, shape }): [string, HostTensor][] =>
    isStatic(shape) && FED.includes(dtype) ? [[name, tensorOf(dtype, shape)]] : [],
  );
  return new Map(places.length === outputs.length ? places : []);
}

function sized({ shape }: DeclaredTensor, sizes: Sizes): (number | string)[] {
  return shape.map((dim) => (typeof dim === "number" ? dim : (sizes[dim] ?? dim)));
}

function checkInputs(inputs: readonly DeclaredTensor[], sizes: Sizes, where: string): void {
  const open = inputs.flatMap((input) => sized(input, sizes).filter((dim) => typeof dim === "string"));
  const names = [...new Set(open)].map((name) => name || "one without a name");
  if (names.length > 0) {
    const example = open.find((name) => name !== "") ?? "name";
    throw new UsageError(
      `${where}: its inputs have sizes that are not known: ${names.join(", ")}; name them, such as with --sizes ${example}=64`,
    );
  }
  const others = inputs.filter(({ dtype }) => !FED.includes(dtype));
  if (others.length > 0) {
    throw new ProviderError(
      `${where}: inputs ${others.map(({ name, dtype }) => `${name} (${dtype})`).join(", ")} cannot be fed, ` +
        `expected ${FED.join(", ")}; profile a model with other inputs`,
    );
  }
}

function tensorOf(dtype: string, shape: readonly number[]): HostTensor {
  if (dtype === "int64") return int64s(shape);
  if (dtype === "uint8") return { dtype, shape, data: new Uint8Array(elementCount(shape)) };
  return floats(shape);
}

function filled({ name, dtype }: DeclaredTensor, shape: readonly number[], instances: number): HostTensor {
  const tensor = tensorOf(dtype, shape);
  if (tensor.dtype === "int64")
    tensor.data.forEach((_, at) => (tensor.data[at] = BigInt((at * STRIDE) % instances)));
  if (tensor.dtype !== "float32") return tensor;
  const stream = new RandomStream(0, "profile", name);
  const drawn = Float32Array.from({ length: Math.min(DRAWN, tensor.data.length) }, () => stream.uniform());
  for (let at = 0; at < tensor.data.length; at += DRAWN)
    tensor.data.set(drawn.subarray(0, tensor.data.length - at), at);
  return tensor;
}
