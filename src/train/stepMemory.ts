/** @file Where state and bank of a run are while it takes steps: in the host's memory, or (deviceMemory.ts) on a device. */

import { isOnDevice, type AnyTensor } from "../runtime/device.js";
import {
  floats,
  type FloatTensor,
  type HostTensor,
  type Int64Tensor,
  type Session,
} from "../runtime/session.js";
import type { BatchKind } from "./copies.js";
import { allFinite } from "./finite.js";
import type { TrainState } from "./state.js";

/** A batch, apart from state and bank. */
export interface BatchRun {
  readonly kind: BatchKind;
  /** What its graph reads: `pixel_values`, `rows`, … */
  readonly feeds: ReadonlyMap<string, AnyTensor>;
  /** What is wanted of its results: `loss`, … */
  readonly into: ReadonlyMap<string, HostTensor>;
}

/** One batch follows the other: it is run, looked at, and kept, or not. */
export interface StepMemory {
  /** Before the first batch of a step: the sums of its gradients start at 0. */
  clearAccumulators(): void;
  /** Runs the graph of a batch. State and bank stay as they are. @throws ProviderError with the runtime's own words */
  run(batch: BatchRun): Promise<void>;
  /** Names of what the batch just run gave to be kept, and is not finite. */
  notFiniteResults(batch: BatchRun): Promise<string[]>;
  /** What the batch just run gave becomes state, and rows of the bank. */
  keep(batch: BatchRun): Promise<void>;
  /** Everything that the graph of a batch reads, of now, in host memory. */
  hostFeeds(batch: BatchRun): Promise<ReadonlyMap<string, HostTensor>>;
  /** Makes the host's state and bank those of now. Nothing else does, where they are on a device. */
  pull(): Promise<void>;
  close(): Promise<void>;
}

/** Of the graphs of a step. */
export interface StepSessions {
  readonly trainStep: Session;
  /** null: a step takes one batch. */
  readonly accumulateStep: Session | null;
}

/** Results go into the other copies, and rows into the bank once they are kept: nothing is copied but these rows. */
class HostMemory implements StepMemory {
  readonly #state: TrainState;
  readonly #bank: FloatTensor;
  readonly #sessions: StepSessions;
  /** [B, D] */
  #bankRows: FloatTensor | null = null;

  constructor(state: TrainState, bank: FloatTensor, sessions: StepSessions) {
    this.#state = state;
    this.#bank = bank;
    this.#sessions = sessions;
  }

  clearAccumulators(): void {
    this.#state.clearAccumulators();
  }

  async run(batch: BatchRun): Promise<void> {
    const [feeds, into] = [this.#feeds(batch), new Map(batch.into)];
    into.set("bank_rows", this.#rowsFor(batch));
    this.#state.bind(new Map(), into, batch.kind);
    await this.#session(batch).run(feeds, into);
  }

  notFiniteResults(batch: BatchRun): Promise<string[]> {
    const rows = allFinite(this.#rowsFor(batch).data) ? [] : ["bank_rows"];
    return Promise.resolve([...rows, ...this.#state.notFiniteResults(batch.kind)]);
  }

  keep(batch: BatchRun): Promise<void> {
    this.#state.advance(batch.kind);
    const dim = this.#bank.shape[1]!;
    const { data } = this.#rowsFor(batch);
    rowsOf(batch).data.forEach((row, at) =>
      this.#bank.data.set(data.subarray(at * dim, (at + 1) * dim), Number(row) * dim),
    );
    return Promise.resolve();
  }

  hostFeeds(batch: BatchRun): Promise<ReadonlyMap<string, HostTensor>> {
    return Promise.resolve(this.#feeds(batch));
  }

  pull(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#sessions.trainStep.close();
    await this.#sessions.accumulateStep?.close();
  }

  #session({ kind }: BatchRun): Session {
    return this.#sessions[kind]!;
  }

  #feeds(batch: BatchRun): Map<string, HostTensor> {
    const feeds = new Map([...batch.feeds].map(([name, tensor]) => [name, onHost(name, tensor)]));
    if (this.#session(batch).inputs.includes("bank")) feeds.set("bank", this.#bank);
    this.#state.bind(feeds, new Map(), batch.kind);
    return feeds;
  }

  #rowsFor(batch: BatchRun): FloatTensor {
    return (this.#bankRows ??= floats([rowsOf(batch).shape[0]!, this.#bank.shape[1]!]));
  }
}

/**
 * State and bank where they are: batches change them directly.
 * @param bank [instances, D]
 * @param sessions closed with the memory
 */
export function hostMemory(state: TrainState, bank: FloatTensor, sessions: StepSessions): StepMemory {
  return new HostMemory(state, bank, sessions);
}

/** The pictures' rows in the bank, [B]. */
export function rowsOf({ feeds }: BatchRun): Int64Tensor {
  return feeds.get("rows") as Int64Tensor;
}

function onHost(name: string, tensor: AnyTensor): HostTensor {
  if (!isOnDevice(tensor)) return tensor;
  throw new RangeError(`${name}: is on a device, expected host memory; train with the memory of that device`);
}
