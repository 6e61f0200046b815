/**
 * @file A device that is none: its tensors are arrays that only it hands out, and onnxruntime-node computes on them. Where
 * a real device would keep what was there before, it has NaN, so that nothing passes that relies on it.
 */

import type { ExecutionProvider } from "../../src/ir/executionProvider.js";
import { ProviderError } from "../../src/errors.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { isOnDevice, type AnyTensor, type Device, type DeviceTensor } from "../../src/runtime/device.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, int64s, type HostTensor } from "../../src/runtime/session.js";
import { providerOn, type RunProvider } from "../../src/train/openProvider.js";

class HostDevice implements Device {
  readonly ep: ExecutionProvider;
  readonly #tensors = new Map<unknown, HostTensor>();
  readonly #close: (() => Promise<void>)[] = [];
  readonly #roomBytes: number;

  constructor(ep: ExecutionProvider, roomBytes: number) {
    this.ep = ep;
    this.#roomBytes = roomBytes;
  }

  async openSession(model: Uint8Array, where: string): ReturnType<Device["openSession"]> {
    const session = await openSession(model, where, { ep: "cpu", threads: 1 });
    this.#close.push(() => session.close());
    const { inputs, outputs } = session;
    return {
      ...{ ep: this.ep, inputs, outputs },
      run: (feeds, into) => session.run(this.#arraysOf(feeds), this.#arraysOf(into)),
      close: () => Promise.resolve(),
    };
  }

  allocate(dtype: HostTensor["dtype"], shape: readonly number[]): Promise<DeviceTensor> {
    const handle = Symbol();
    const tensor = emptyTensor(dtype, shape);
    if (tensor.data.byteLength > this.#roomBytes) return Promise.reject(new ProviderError("out of memory"));
    this.#tensors.set(handle, tensor);
    return Promise.resolve({ dtype, shape, handle });
  }

  upload(from: HostTensor, into: DeviceTensor): Promise<void> {
    return this.#copy(from, this.#arrayOf(into));
  }

  download(from: DeviceTensor, into: HostTensor): Promise<void> {
    return this.#copy(this.#arrayOf(from), into);
  }

  release({ handle }: DeviceTensor): void {
    this.#tensors.delete(handle);
  }

  async close(): Promise<void> {
    for (const close of this.#close.splice(0)) await close();
    this.#tensors.clear();
  }

  /** Tensors that were not given back. */
  get held(): number {
    return this.#tensors.size;
  }

  #copy(from: HostTensor, into: HostTensor): Promise<void> {
    if (from.dtype !== into.dtype || from.shape.join() !== into.shape.join())
      throw new ProviderError(
        `copy: is ${from.dtype} [${from.shape.join()}], not ${into.dtype} [${into.shape.join()}]`,
      );
    (into.data as Float32Array).set(from.data as Float32Array);
    return Promise.resolve();
  }

  #arraysOf(tensors: ReadonlyMap<string, AnyTensor>): Map<string, HostTensor> {
    return new Map(
      [...tensors].map(([name, tensor]) => [name, isOnDevice(tensor) ? this.#arrayOf(tensor) : tensor]),
    );
  }

  #arrayOf({ handle }: DeviceTensor): HostTensor {
    const tensor = this.#tensors.get(handle);
    if (tensor === undefined) throw new ProviderError("the tensor is not of this device, or was given back");
    return tensor;
  }
}

export type { HostDevice };

/**
 * @param ep what it says it is
 * @param roomBytes of the largest tensor that it has room for
 */
export function hostDevice(ep: ExecutionProvider = "cuda", roomBytes = Infinity): HostDevice {
  return new HostDevice(ep, roomBytes);
}

function emptyTensor(dtype: HostTensor["dtype"], shape: readonly number[]): HostTensor {
  if (dtype === "int64") return int64s(shape);
  const tensor = floats(shape);
  if (dtype === "uint8") return { dtype, shape, data: new Uint8Array(tensor.data.length).fill(255) };
  tensor.data.fill(NaN);
  return tensor;
}

/** The provider of a run on such a device, where graphs have the kernels of a run on the CPU, and so its bits. */
export function likeCpu(device: Device, plan: Parameters<typeof providerOn>[1]): RunProvider {
  return { ...providerOn(device, plan), target: { ...cpu, ep: device.ep } };
}
