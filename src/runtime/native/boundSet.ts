/** @file One set of tensors that a session reads and writes, bound once. */

import { ProviderError } from "../../errors.js";
import { Binding } from "../../native/onnxruntime/binding.js";
import type { Runtime } from "../../native/onnxruntime/env.js";
import { Handle } from "../../native/onnxruntime/handle.js";
import { bytesOf, valueOver } from "../../native/onnxruntime/value.js";
import { isOnDevice, type AnyTensor, type DeviceTensor } from "../device.js";
import type { HostTensor } from "../session.js";
import type { DeviceMemory, NativeTensor } from "./memory.js";

export type Tensors = ReadonlyMap<string, AnyTensor>;

/** What sets of one session share. */
export interface SetsOf {
  readonly runtime: Runtime;
  readonly session: Handle;
  readonly memory: DeviceMemory;
  readonly hostInfo: Handle;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export class BoundSet {
  readonly #of: SetsOf;
  readonly #binding: Binding;
  /** Tensors of the device that stand for arrays of the host, by the names of inputs and outputs. */
  readonly #staged = new Map<string, NativeTensor>();
  /** Over arrays that are bound where they lie. */
  readonly #values: Handle[] = [];

  /**
   * @param config run options under the runtime's names
   * @throws OrtError when the runtime refuses a tensor
   */
  constructor(of: SetsOf, feeds: Tensors, into: Tensors, config: Readonly<Record<string, string>>) {
    this.#of = of;
    this.#binding = new Binding(of.runtime.api, of.session, { config });
    try {
      for (const name of of.inputs) this.#binding.input(name, this.#placeOf(name, feeds.get(name)!));
      for (const [name, tensor] of into) this.#binding.output(name, this.#placeOf(name, tensor));
      // The runtime wants one result at least.
      if (into.size === 0) for (const name of of.outputs) this.#binding.dropOutput(name, of.memory.info);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Runs with what the arrays hold now. Arrays other than those it was bound with may be given where they are staged. */
  async run(feeds: Tensors, into: Tensors): Promise<void> {
    const { memory } = this.#of;
    for (const [name, tensor] of feeds) {
      const staged = this.#staged.get(name);
      if (staged && !isOnDevice(tensor)) memory.copyIn(tensor.data, staged.handle);
    }
    await this.#binding.run();
    for (const [name, tensor] of into) {
      const staged = this.#staged.get(name);
      if (staged && !isOnDevice(tensor)) memory.copyOut(staged.handle, tensor.data);
    }
  }

  terminate(): void {
    this.#binding.terminate();
  }

  /** No run may be under way. */
  close(): void {
    this.#binding.close();
    for (const value of this.#values) value.close();
    for (const { handle } of this.#staged.values()) handle.close();
  }

  #placeOf(name: string, tensor: AnyTensor): Handle {
    const { runtime, memory, hostInfo } = this.#of;
    if (isOnDevice(tensor)) return handleOf(tensor);
    if (memory.takesArrays) {
      const value = valueOver(runtime.api, hostInfo, tensor.data, tensor);
      this.#values.push(value);
      return value;
    }
    const staged = memory.allocate(tensor.dtype, tensor.shape);
    this.#staged.set(name, staged);
    return staged.handle;
  }
}

/** @throws ProviderError when the tensor is another runtime's */
export function handleOf(tensor: DeviceTensor): Handle {
  if (tensor.handle instanceof Handle) return tensor.handle;
  throw new ProviderError(
    "a tensor of another device, expected one that this device allocated; upload it here",
  );
}

/**
 * Arrays can be taken away from under a tensor: by a transfer to another thread, or by a resize.
 * @throws ProviderError unless each array has exactly the bytes of its tensor
 */
export function checkArrays(where: string, tensors: Tensors): void {
  for (const [name, tensor] of tensors) if (!isOnDevice(tensor)) checkArray(`${where}: ${name}`, tensor);
}

/** @throws ProviderError unless the array has exactly the bytes of its tensor */
export function checkArray(what: string, tensor: HostTensor): void {
  const [has, wants] = [tensor.data.byteLength, bytesOf(tensor)];
  if (has === wants) return;
  throw new ProviderError(
    `${what}: its array has ${has} bytes, ${tensor.dtype} [${tensor.shape.join(", ")}] has ${wants}; ` +
      "give an array of that size, which no other thread was handed",
  );
}
