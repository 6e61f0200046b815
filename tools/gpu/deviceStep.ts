/** @file Training steps on one batch with all state on a device: what `train` does there, without its loop. */

import { nextName } from "../../graphs/index.js";
import { encodeModel } from "../../src/codec/encode.js";
import type { Graph } from "../../src/ir/graph.js";
import type { Precision } from "../../src/ir/precision.js";
import { initializeParameters } from "../../src/build/initialize.js";
import { lower } from "../../src/lower/lower.js";
import { fixSizes } from "../../src/lower/passes/fixSizes.js";
import { nameOutputs } from "../../src/lower/passes/nameOutputs.js";
import { withPrecision } from "../../src/lower/precision.js";
import type { Target } from "../../src/lower/target.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { isOnDevice, type AnyTensor, type Device, type DeviceSession } from "../../src/runtime/device.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../../src/runtime/session.js";
import { VERSION } from "../../src/version.js";

export interface StepInputs {
  /** [B, 3, S, S] */
  readonly pixels: Float32Array<ArrayBuffer>;
  /** [n, D] */
  readonly bank: Float32Array<ArrayBuffer>;
  readonly rows: BigInt64Array<ArrayBuffer>;
  readonly learningRate: number;
  readonly seed: number;
}

const encode = (graph: Graph): Uint8Array => encodeModel(nameOutputs(graph), { producerVersion: VERSION });

/** Writes rows into the bank, which is fed and fetched as one tensor. */
function bankWriter(instances: number, dim: number, batch: number): Graph {
  const builder = new GraphBuilder("write_bank");
  const bank = builder.input("bank", "float32", [instances, dim]);
  const rows = builder.input("rows", "int64", [batch]);
  const fresh = builder.input("bank_rows", "float32", [batch, dim]);
  const { op } = builder;
  builder.output("bank.next", op.scatterNd(bank, op.unsqueeze(rows, [1]), fresh));
  return builder.build();
}

interface Turn {
  readonly feeds: ReadonlyMap<string, AnyTensor>;
  readonly into: ReadonlyMap<string, AnyTensor>;
}

export class DeviceStep {
  readonly #loss: FloatTensor;
  readonly #turns: readonly Turn[];
  readonly #write: Turn;
  readonly #step: DeviceSession;
  readonly #writer: DeviceSession;
  #taken = 0;

  private constructor(step: DeviceSession, writer: DeviceSession, turns: readonly Turn[], write: Turn) {
    this.#step = step;
    this.#writer = writer;
    this.#turns = turns;
    this.#write = write;
    this.#loss = turns[0]!.into.get("loss") as FloatTensor;
  }

  /** @param source train_step of the softmax objective, not lowered */
  static async open(
    device: Device,
    target: Target,
    source: Graph,
    precision: Precision,
    inputs: StepInputs,
  ): Promise<DeviceStep> {
    const dim = source.inputs.find(({ name }) => name === "bank")!.shape[1] as number;
    const instances = inputs.bank.length / dim;
    const graph = lower(withPrecision(fixSizes(source, { instances }), precision), target);
    const step = await device.openSession(encode(graph), "train_step.onnx", { isRepeated: true });
    const writer = await device.openSession(
      encode(lower(bankWriter(instances, dim, inputs.rows.length), target)),
      "write_bank.onnx",
      { isRepeated: true },
    );
    const { turns, write } = await place(device, graph, inputs);
    return new DeviceStep(step, writer, turns, write);
  }

  /** Bytes that cross between host and device in a step. */
  get bytesOverBus(): number {
    const crossing = [this.#turns[0]!, this.#write].flatMap(({ feeds, into }) => [
      ...feeds.values(),
      ...into.values(),
    ]);
    return crossing.reduce((sum, tensor) => sum + (isOnDevice(tensor) ? 0 : tensor.data.byteLength), 0);
  }

  /** @returns the loss, nats */
  async take(): Promise<number> {
    const { feeds, into } = this.#turns[this.#taken++ % 2]!;
    await this.#step.run(feeds, into);
    await this.#writer.run(this.#write.feeds, this.#write.into);
    return this.#loss.data[0]!;
  }
}

/** State twice on the device, for steps in turn; the batch and the loss on the host. */
async function place(
  device: Device,
  graph: Graph,
  { pixels, bank, rows, learningRate, seed }: StepInputs,
): Promise<{ turns: readonly Turn[]; write: Turn }> {
  const parameters = initializeParameters(graph, seed);
  const results = new Set(graph.outputs.map(({ name }) => name));
  const put = async (from: HostTensor): Promise<AnyTensor> => {
    const tensor = await device.allocate(from.dtype, from.shape);
    await device.upload(from, tensor);
    return tensor;
  };
  const shared = new Map<string, AnyTensor>();
  const state: (readonly [name: string, tensors: readonly [AnyTensor, AnyTensor]])[] = [];
  for (const { name, dtype, shape: dims } of graph.inputs) {
    const shape = dims as readonly number[];
    if (results.has(nextName(name))) {
      const start = () => put(floats(shape, parameters.get(name)));
      state.push([name, [await start(), await start()]]);
    } else if (name === "bank") shared.set(name, await put(floats(shape, bank)));
    else if (name === "pixel_values") shared.set(name, floats(shape, pixels));
    else if (name === "learning_rate") shared.set(name, floats([], Float32Array.of(learningRate)));
    else if (dtype === "int64") shared.set(name, { ...int64s(shape), data: rows });
    else throw new RangeError(`input ${name} is not of a step of the softmax objective`);
  }
  const fresh = await device.allocate("float32", [rows.length, bankDim(graph)]);
  const loss = floats([]);
  const turn = (from: 0 | 1): Turn => ({
    feeds: new Map([...shared, ...state.map(([name, tensors]) => [name, tensors[from]] as const)]),
    into: new Map<string, AnyTensor>([
      ["loss", loss],
      ["bank_rows", fresh],
      ...state.map(([name, tensors]) => [nextName(name), tensors[from === 0 ? 1 : 0]] as const),
    ]),
  });
  const [held, batch] = [shared.get("bank")!, shared.get("rows")!];
  const write: Turn = {
    feeds: new Map([
      ["bank", held],
      ["rows", batch],
      ["bank_rows", fresh],
    ]),
    into: new Map([["bank.next", held]]),
  };
  return { turns: [turn(0), turn(1)], write };
}

function bankDim({ inputs }: Graph): number {
  return inputs.find(({ name }) => name === "bank")!.shape[1] as number;
}
