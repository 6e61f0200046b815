/**
 * @file Single operators of ONNX Runtime at their best, which no graph made of them can beat: a matrix product, the
 * convolutions of ResNet-18, and an elementwise pass over more memory than caches hold.
 *
 * Each model gives one number of its result, since the binding copies what a model gives.
 */

import { encodeModel } from "../../src/codec/encode.js";
import { type Value } from "../../src/ir/graph.js";
import { fromFloat32, type RawTensor } from "../../src/ir/rawTensor.js";
import { elementCount } from "../../src/ir/shape.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import type { OpBuilder } from "../../src/ops/table.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, type HostTensor } from "../../src/runtime/session.js";
import { VERSION } from "../../src/version.js";
import type { Contestant } from "./turns.js";

/** Rows and columns of the product. */
const PRODUCT_SIDE = 2048;
const BATCH = 128;
/** Channels and side of the maps in the stages of ResNet-18, CIFAR stem, width 64; 3×3, stride 1. */
const CONVOLUTIONS = [
  { channels: 64, side: 32 },
  { channels: 128, side: 16 },
  { channels: 256, side: 8 },
  { channels: 512, side: 4 },
] as const;
/** Of the array that is passed over. */
const COPIED_BYTES = 256 * 2 ** 20;
/** Passes in one run, each reading and writing the array. */
const PASSES = 4;

export interface Ceiling {
  readonly kind: "product" | "convolution" | "memory";
  readonly name: string;
  /** Operations of one run, or bytes read and written. */
  readonly work: number;
  /** The same in PyTorch, and its work: names of ceilings.py. */
  readonly peers: Readonly<Record<string, number>>;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Inputs that are part of the model; the rest are fed. */
  readonly bound: readonly string[];
  compute(op: OpBuilder, inputs: readonly Value[]): Value;
}

const PRODUCT_FLOPS = 2 * PRODUCT_SIDE ** 3;
const product: Ceiling = {
  kind: "product",
  name: `MatMul ${PRODUCT_SIDE}³`,
  work: PRODUCT_FLOPS,
  peers: { [`product ${PRODUCT_SIDE}`]: PRODUCT_FLOPS },
  inputs: { a: [PRODUCT_SIDE, PRODUCT_SIDE], b: [PRODUCT_SIDE, PRODUCT_SIDE] },
  bound: [],
  compute: (op, [a, b]) => op.matMul(a!, b!),
};

/** With bound filters the runtime lays out its maps in blocks, which it cannot do with filters that are fed. */
const convolutions: Ceiling[] = CONVOLUTIONS.flatMap(({ channels, side }): Ceiling[] => {
  const work = 2 * BATCH * side ** 2 * channels ** 2 * 9;
  const sizes = `${BATCH} ${channels} ${side}`;
  const fed: Ceiling = {
    kind: "convolution",
    name: `Conv ${channels}→${channels}, ${side}×${side}`,
    work,
    peers: { [`eager ${sizes}`]: work, [`channels_last ${sizes}`]: work },
    inputs: { x: [BATCH, channels, side, side], w: [channels, channels, 3, 3] },
    bound: [],
    compute: (op, [x, w]) => op.conv(x!, w!, { pads: [1, 1, 1, 1] }),
  };
  return [fed, { ...fed, name: `${fed.name}, filters bound`, peers: {}, bound: ["w"] }];
});

const memory: Ceiling = {
  kind: "memory",
  name: `Relu over ${COPIED_BYTES / 2 ** 20} MiB`,
  work: 2 * PASSES * COPIED_BYTES,
  peers: { [`copy ${COPIED_BYTES}`]: 2 * COPIED_BYTES },
  inputs: { x: [COPIED_BYTES / 4 / 1024, 1024] },
  bound: [],
  compute: (op, [x]) => Array.from({ length: PASSES }).reduce<Value>((value) => op.relu(value), x!),
};

export const CEILINGS: readonly Ceiling[] = [product, ...convolutions, memory];

function encode({ inputs, bound, compute }: Ceiling, feeds: ReadonlyMap<string, HostTensor>): Uint8Array {
  const builder = new GraphBuilder("ceiling");
  const values = Object.entries(inputs).map(([name, shape]) => builder.input(name, "float32", shape));
  const result = compute(builder.op, values);
  const first = result.shape.map((_, axis) => ({ axis, start: 0, end: 1 }));
  builder.output("first", builder.op.slice(result, first));
  const tensors = new Map(
    bound.map((name): [string, RawTensor] => {
      const { data, shape } = feeds.get(name)!;
      return [name, fromFloat32(data as Float32Array<ArrayBuffer>, shape)];
    }),
  );
  return encodeModel(lower(builder.build(), cpu), { producerVersion: VERSION, tensors });
}

/** Any numbers but zeros and denormals, which processors treat differently. */
function filled(shape: readonly number[]): HostTensor {
  const data = new Float32Array(elementCount(shape));
  for (let at = 0; at < data.length; at++) data[at] = ((at % 251) + 1) / 1000;
  return floats(shape, data);
}

export interface OpenCeiling extends Contestant {
  close(): Promise<void>;
}

export async function openCeiling(model: Ceiling, threads: number): Promise<OpenCeiling> {
  const feeds = new Map(Object.entries(model.inputs).map(([name, shape]) => [name, filled(shape)]));
  const session = await openSession(encode(model, feeds), model.name, { ep: "cpu", threads });
  const rank = Object.values(model.inputs)[0]!.length;
  const into = new Map<string, HostTensor>([["first", floats(Array.from({ length: rank }, () => 1))]]);
  const fed = new Map([...feeds].filter(([name]) => !model.bound.includes(name)));
  return {
    name: model.name,
    async measure(count) {
      const began = performance.now();
      for (let run = 0; run < count; run++) await session.run(fed, into);
      return (performance.now() - began) / 1000;
    },
    close: () => session.close(),
  };
}

/** Fastest that ONNX Runtime is seen to compute and to move, per second. */
export interface Ceilings {
  readonly productFlops: number;
  /** Best over the convolutions with fed filters: the plain operator of a training graph. */
  readonly convolutionFlops: number;
  /** The same where filters are bound as well, so that the runtime may choose its own layout. */
  readonly bestConvolutionFlops: number;
  readonly memoryBytes: number;
}

export const WARM_UPS = 2;

/** @param repetitions of each, of which the fastest counts */
export async function measureCeilings(threads: number, repetitions: number): Promise<Ceilings> {
  const rates = new Map<Ceiling, number>();
  for (const model of CEILINGS) {
    const opened = await openCeiling(model, threads);
    await opened.measure(WARM_UPS);
    const seconds: number[] = [];
    for (let run = 0; run < repetitions; run++) seconds.push(await opened.measure(1));
    await opened.close();
    rates.set(model, model.work / Math.min(...seconds));
  }
  const best = (models: readonly Ceiling[]) => Math.max(...models.map((model) => rates.get(model)!));
  return {
    productFlops: best([product]),
    convolutionFlops: best(convolutions.filter(({ bound }) => bound.length === 0)),
    bestConvolutionFlops: best(convolutions),
    memoryBytes: best([memory]),
  };
}
