/** @file Where the tensors of a native device lie, and how bytes get there and back. */

import type { CudaProviderOptions } from "../../native/onnxruntime/cuda.js";
import { openCudaCopies } from "../../native/onnxruntime/cudart.js";
import type { Runtime } from "../../native/onnxruntime/env.js";
import { Handle, made } from "../../native/onnxruntime/handle.js";
import { HOME_MODEL } from "../../native/onnxruntime/homeModel.js";
import { createSession } from "../../native/onnxruntime/session.js";
import { dataOf, memoryInfo, newValue, sessionAllocator } from "../../native/onnxruntime/value.js";
import type { DeviceTensor } from "../device.js";
import type { HostTensor } from "../session.js";

type HostArray = HostTensor["data"];

/** A tensor in memory of the runtime's. */
export interface NativeTensor extends DeviceTensor {
  readonly handle: Handle;
}

export interface DeviceMemory {
  /** The memory, as the runtime is asked for it. */
  readonly info: Handle;
  /** Whether a run takes arrays of the host where they lie; else they are copied from and to tensors of the device. */
  readonly takesArrays: boolean;
  /** @throws OrtError when there is no memory left */
  allocate(dtype: HostTensor["dtype"], shape: readonly number[]): NativeTensor;
  /** Copies a whole array. */
  copyIn(from: HostArray, to: Handle): void;
  /** Copies a whole array. */
  copyOut(from: Handle, to: HostArray): void;
  /** After all tensors: they are given back to its allocator. */
  close(): void;
}

/** The host's own, as the runtime allocates it. */
export function hostMemory({ api }: Runtime, takesArrays = true): DeviceMemory {
  const info = memoryInfo(api, "Cpu");
  const common = made((place) => api.GetAllocatorWithDefaultOptions(place)); // the runtime's own, never given back
  const allocator = new Handle("allocator", common, () => undefined);
  const bytesOf = (value: Handle, { byteLength }: HostArray) =>
    new Uint8Array(api.viewOf(dataOf(api, value), byteLength));
  const bytesIn = ({ buffer, byteOffset, byteLength }: HostArray) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  return {
    info,
    takesArrays,
    allocate: (dtype, shape) => ({ dtype, shape, handle: newValue(api, allocator, { dtype, shape }) }),
    copyIn: (from, to) => void (from.byteLength > 0 && bytesOf(to, from).set(bytesIn(from))),
    copyOut: (from, to) => void (to.byteLength > 0 && bytesIn(to).set(bytesOf(from, to))),
    close() {
      allocator.close();
      info.close();
    },
  };
}

/**
 * A GPU's, from an arena that takes what it is asked for.
 * @throws ProviderError when a library or the GPU is missing
 * @throws OrtError when the provider does not start
 */
export async function cudaMemory(runtime: Runtime, options: CudaProviderOptions): Promise<DeviceMemory> {
  const { api } = runtime;
  const opened: { close(): void }[] = [];
  const keep = <T extends { close(): void }>(one: T): T => (opened.unshift(one), one);
  const close = () => opened.splice(0).forEach((one) => one.close());
  try {
    const copies = keep(await openCudaCopies(options.deviceId));
    const cuda = { ...options, captureGraph: false };
    const { handle } = await createSession(runtime, HOME_MODEL, "cuda", { config: {}, cuda });
    const home = keep(handle);
    const info = keep(memoryInfo(api, "Cuda", options.deviceId));
    const allocator = keep(sessionAllocator(api, home, info));
    return {
      info,
      takesArrays: false,
      allocate: (dtype, shape) => ({ dtype, shape, handle: newValue(api, allocator, { dtype, shape }) }),
      copyIn: (from, to) => copies.toDevice(from, dataOf(api, to)),
      copyOut: (from, to) => copies.toHost(dataOf(api, from), to),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
