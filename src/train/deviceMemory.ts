/**
 * @file State and bank on a device, where they stay. A step takes its batch from the host and gives back the loss and one
 * number more, which says whether all else is finite. The host's copies are refreshed only when someone asks for them.
 */

import { bankWriteGraph, finiteCheckGraph, nextName } from "../../graphs/index.js";
import { encodeModel } from "../codec/encode.js";
import type { Graph } from "../ir/graph.js";
import { lower } from "../lower/lower.js";
import type { Target } from "../lower/target.js";
import {
  isOnDevice,
  type AnyTensor,
  type Device,
  type DeviceSession,
  type DeviceTensor,
} from "../runtime/device.js";
import { floats, type FloatTensor, type HostTensor, type Int64Tensor } from "../runtime/session.js";
import { VERSION } from "../version.js";
import { Copies, writtenBy, type BatchKind } from "./copies.js";
import { allFinite } from "./finite.js";
import { notFiniteOf, type TrainState } from "./state.js";
import { rowsOf, type BatchRun, type StepMemory } from "./stepMemory.js";
import { ZeroTensors } from "./zeroTensors.js";

export interface DeviceMemorySetup {
  readonly device: Device;
  /** What graphs are lowered for, so that the device runs all of them. */
  readonly target: Target;
  /** Lowered graphs of a step; null: a step takes one batch. */
  readonly models: Readonly<Record<BatchKind, Uint8Array | null>>;
  readonly state: TrainState;
  /** [instances, D] */
  readonly bank: FloatTensor;
  /** [B, 3, H, W] */
  readonly pictureShape: readonly number[];
}

/** Graphs of a kind of batch. */
interface BatchSessions {
  readonly batch: DeviceSession;
  /** Whether all that the batch gave is finite. */
  readonly check: DeviceSession;
}

interface Parts {
  readonly sessions: Readonly<Record<BatchKind, BatchSessions | null>>;
  readonly writeBank: DeviceSession;
  readonly copies: Copies<DeviceTensor>;
  readonly zeros: ZeroTensors;
  readonly bank: DeviceTensor;
  /** [B, D] */
  readonly bankRows: DeviceTensor;
  readonly pictures: DeviceTensor;
}

/**
 * Takes state and bank to the device. While it is open, those of the host are as old as the last pull().
 * @throws ProviderError when the device has no room, or does not take the graphs
 * @throws LoweringError when a graph cannot be expressed in the operators of the target
 */
export async function deviceMemory(setup: DeviceMemorySetup): Promise<StepMemory> {
  const { device, state, bank, pictureShape } = setup;
  const slots = await inTurn(state.slots, async (slot) => {
    const first = await upload(device, state.tensors(slot.role).get(slot.name)!);
    return [slot, [first, await device.allocate("float32", slot.shape)]] as const;
  });
  const [batchSize, [instances, embeddingDim]] = [pictureShape[0]!, bank.shape as [number, number]];
  const sessions = {
    trainStep: await openBatch("trainStep", setup),
    accumulateStep: await openBatch("accumulateStep", setup),
  };
  return new DeviceMemory(setup, {
    sessions,
    writeBank: await openGraph(bankWriteGraph({ instances, embeddingDim, batchSize }), setup),
    copies: new Copies(slots),
    zeros: await ZeroTensors.on(
      device,
      state.slots.filter(({ role }) => role === "accumulator"),
    ),
    bank: await upload(device, bank),
    bankRows: await device.allocate("float32", [batchSize, embeddingDim]),
    pictures: await device.allocate("float32", pictureShape),
  });
}

class DeviceMemory implements StepMemory {
  readonly #setup: DeviceMemorySetup;
  readonly #parts: Parts;
  readonly #checkSum = floats([]);
  #column: Int64Tensor | null = null;
  #sumsAreZero = true;
  /** Something was kept that the host has not seen. */
  #isAhead = false;

  constructor(setup: DeviceMemorySetup, parts: Parts) {
    this.#setup = setup;
    this.#parts = parts;
  }

  clearAccumulators(): void {
    this.#sumsAreZero = true;
  }

  async run(batch: BatchRun): Promise<void> {
    const { copies, bank, bankRows, zeros } = this.#parts;
    const session = this.#sessions(batch).batch;
    const feeds = new Map<string, AnyTensor>(batch.feeds);
    const into = new Map<string, AnyTensor>([...batch.into, ["bank_rows", bankRows]]);
    copies.bind(feeds, into, batch.kind);
    if (this.#sumsAreZero) zeros.bind(feeds);
    if (session.inputs.includes("bank")) feeds.set("bank", bank);
    feeds.set("pixel_values", await this.#pictures(batch));
    await session.run(feeds, into);
  }

  async notFiniteResults(batch: BatchRun): Promise<string[]> {
    const results = this.#results(batch);
    await this.#sessions(batch).check.run(results, new Map([["sum", this.#checkSum]]));
    if (allFinite(this.#checkSum.data)) return [];
    // Numbers themselves say which of them it is, or that only their sum is too large.
    return notFiniteOf(await this.#downloaded(results));
  }

  async keep(batch: BatchRun): Promise<void> {
    const { copies, bank, bankRows, writeBank } = this.#parts;
    const feeds = new Map<string, AnyTensor>([
      ["bank", bank],
      ["rows", this.#columnOf(rowsOf(batch))],
      ["bank_rows", bankRows],
    ]);
    this.#isAhead = true;
    await writeBank.run(feeds, new Map([[nextName("bank"), bank]]));
    copies.advance(batch.kind);
    this.#sumsAreZero = this.#sumsAreZero && batch.kind !== "accumulateStep";
  }

  async hostFeeds(batch: BatchRun): Promise<ReadonlyMap<string, HostTensor>> {
    await this.pull();
    const { state, bank } = this.#setup;
    const onDevice = [...batch.feeds].filter((entry): entry is [string, DeviceTensor] =>
      isOnDevice(entry[1]),
    );
    const feeds = new Map([...(batch.feeds as ReadonlyMap<string, HostTensor>)]);
    for (const [name, tensor] of await this.#downloaded(new Map(onDevice))) feeds.set(name, tensor);
    if (this.#sessions(batch).batch.inputs.includes("bank")) feeds.set("bank", bank);
    state.bind(feeds, new Map(), batch.kind);
    return feeds;
  }

  async pull(): Promise<void> {
    if (!this.#isAhead) return;
    const { device, state, bank } = this.#setup;
    const { copies } = this.#parts;
    for (const { name, role } of state.slots) {
      const into = state.tensors(role).get(name)!;
      if (role === "accumulator" && this.#sumsAreZero) into.data.fill(0);
      else await device.download(copies.tensors(role).get(name)!, into);
    }
    await device.download(this.#parts.bank, bank);
    this.#isAhead = false;
  }

  async close(): Promise<void> {
    const { sessions, writeBank, copies, zeros, bank, bankRows, pictures } = this.#parts;
    for (const { batch, check } of [
      sessions.trainStep!,
      ...(sessions.accumulateStep ? [sessions.accumulateStep] : []),
    ]) {
      await batch.close();
      await check.close();
    }
    await writeBank.close();
    for (const tensor of [...copies.all(), ...zeros.all(), bank, bankRows, pictures])
      this.#setup.device.release(tensor);
  }

  /** [B, 1]: the same numbers, and the same tensor as long as they are in the same place. */
  #columnOf({ data, shape }: Int64Tensor): Int64Tensor {
    if (this.#column?.data !== data) this.#column = { dtype: "int64", shape: [...shape, 1], data };
    return this.#column;
  }

  #sessions({ kind }: BatchRun): BatchSessions {
    return this.#parts.sessions[kind]!;
  }

  #results({ kind }: BatchRun): Map<string, DeviceTensor> {
    return new Map([["bank_rows", this.#parts.bankRows], ...this.#parts.copies.results(kind)]);
  }

  /** Always the same tensor for pictures of the host, so that a session is fed the same ones from step to step. */
  async #pictures({ feeds }: BatchRun): Promise<DeviceTensor> {
    const given = feeds.get("pixel_values")!;
    if (isOnDevice(given)) return given;
    await this.#setup.device.upload(given, this.#parts.pictures);
    return this.#parts.pictures;
  }

  async #downloaded(tensors: ReadonlyMap<string, DeviceTensor>): Promise<Map<string, FloatTensor>> {
    const entries = await inTurn([...tensors], async ([name, tensor]) => {
      const into = floats(tensor.shape);
      await this.#setup.device.download(tensor, into);
      return [name, into] as const;
    });
    return new Map(entries);
  }
}

async function openBatch(kind: BatchKind, setup: DeviceMemorySetup): Promise<BatchSessions | null> {
  const { device, models, state, bank, pictureShape } = setup;
  const model = models[kind];
  if (model === null) return null;
  const results = writtenBy(kind, state.slots).map(({ next, shape }) => ({ name: next, shape }));
  const bankRows = { name: "bank_rows", shape: [pictureShape[0]!, bank.shape[1]!] };
  return {
    batch: await device.openSession(model, kind, { isRepeated: true }),
    check: await openGraph(finiteCheckGraph([bankRows, ...results]), setup),
  };
}

function openGraph(
  graph: Graph,
  { device, target }: Pick<DeviceMemorySetup, "device" | "target">,
): Promise<DeviceSession> {
  const model = encodeModel(lower(graph, target), { producerVersion: VERSION });
  return device.openSession(model, graph.name, { isRepeated: true });
}

async function upload(device: Device, tensor: HostTensor): Promise<DeviceTensor> {
  const place = await device.allocate(tensor.dtype, tensor.shape);
  await device.upload(tensor, place);
  return place;
}

/** A device takes one call after the other. */
async function inTurn<T, R>(items: readonly T[], use: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await use(item));
  return results;
}
