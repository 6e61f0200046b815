/** @file A model on a native device: runs take turns, and what is bound stays bound. */

import { ProviderError } from "../../errors.js";
import type { Declared, LoadedSession } from "../../native/onnxruntime/session.js";
import type { DeviceSession, DeviceTensor } from "../device.js";
import { checkNames, refusal } from "../session.js";
import { checkArrays, type SetsOf, type Tensors } from "./boundSet.js";
import { BoundSets } from "./boundSets.js";
import { remedyForRun } from "./remedies.js";
import { Turns } from "./turns.js";

/** As messages call the runtime. */
export const LIBRARY = "ONNX Runtime";

export interface NativeSessionParts extends Pick<SetsOf, "runtime" | "memory" | "hostInfo"> {
  readonly ep: "cpu" | "cuda";
  readonly loaded: LoadedSession;
  readonly where: string;
  readonly captures: boolean;
  /** @throws ProviderError for a tensor that is not the device's own */
  readonly checkOwn: (where: string, tensors: Tensors) => void;
  readonly onClosed: (session: NativeSession) => void;
}

export class NativeSession implements DeviceSession {
  readonly ep: "cpu" | "cuda";
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly #parts: NativeSessionParts;
  readonly #sets: BoundSets;
  readonly #turns = new Turns();
  #closing: Promise<void> | null = null;

  constructor(parts: NativeSessionParts) {
    const { loaded, captures } = parts;
    const namesOf = (declared: readonly Declared[]) => declared.map(({ name }) => name);
    this.ep = parts.ep;
    this.inputs = namesOf(loaded.inputs);
    this.outputs = namesOf(loaded.outputs);
    this.#parts = parts;
    this.#sets = new BoundSets({ ...parts, session: loaded.handle, ...this.#names() }, captures);
  }

  #names() {
    return { inputs: this.inputs, outputs: this.outputs };
  }

  async run(feeds: Tensors, into: Tensors): Promise<void> {
    const { where, checkOwn } = this.#parts;
    await this.#turns.take(async () => {
      if (this.#closing !== null) {
        throw new ProviderError(`${where}: is closed, expected an open session; open the model again`);
      }
      checkNames(where, this.#names(), feeds, into);
      for (const tensors of [feeds, into]) {
        checkOwn(where, tensors);
        checkArrays(where, tensors);
      }
      try {
        await this.#sets.of(feeds, into).run(feeds, into);
      } catch (error) {
        throw error instanceof ProviderError
          ? error
          : refusal({ where, library: LIBRARY }, "stopped", error, remedyForRun(error));
      }
    });
  }

  /** Waits for its turn: a tensor is not taken away from under a run. */
  forget(tensor: DeviceTensor): Promise<void> {
    return this.#turns.take(() => this.#sets.forget(tensor));
  }

  /** Ends a run that is under way, which then throws. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#sets.terminate();
    await this.#turns.take(() => {
      this.#sets.close();
      this.#parts.loaded.handle.close();
    });
    this.#parts.onClosed(this);
  }
}
