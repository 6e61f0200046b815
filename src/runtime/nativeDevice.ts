/**
 * @file The door to ONNX Runtime's C API: tensors stay where the provider computes, runs do not copy their results, and
 * do not block the thread that asks for them.
 */

import { ProviderError } from "../errors.js";
import { openRuntime } from "../native/onnxruntime/env.js";
import type { Device } from "./device.js";
import { CUDA_DEFAULTS, NativeDevice, type NativeDeviceOptions } from "./native/device.js";
import { cudaMemory, hostMemory } from "./native/memory.js";
import { LIBRARY } from "./native/nativeSession.js";
import { refusal, type Session } from "./session.js";

export type { CudaOptions, NativeDeviceOptions } from "./native/device.js";

/** @throws ProviderError when a library, the provider or the GPU is missing; it names all that is */
export async function openNativeDevice(options: NativeDeviceOptions): Promise<Device> {
  const { ep, cuda = CUDA_DEFAULTS } = options;
  if (!["cpu", "cuda"].includes(ep)) {
    throw new ProviderError(`execution provider ${String(ep)} has no native device, expected cpu or cuda`);
  }
  const runtime = await openRuntime();
  try {
    const memory = ep === "cuda" ? await cudaMemory(runtime, cuda) : hostMemory(runtime);
    return new NativeDevice(runtime, memory, options);
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const remedy = "; onnx-instdisc doctor says what cuda lacks here, or choose --ep cpu";
    throw refusal({ where: ep, library: LIBRARY }, "does not start the provider", error, remedy);
  }
}

/**
 * One model on a device of its own, with arrays of the host in and out.
 * @throws ProviderError as openNativeDevice, or when the runtime refuses the model
 */
export async function openNativeSession(
  model: Uint8Array,
  where: string,
  options: NativeDeviceOptions,
): Promise<Session> {
  const device = await openNativeDevice(options);
  try {
    const session = await device.openSession(model, where);
    const { ep, inputs, outputs } = session;
    return {
      ep,
      inputs,
      outputs,
      run: (feeds, into) => session.run(feeds, into),
      close: () => device.close(),
    };
  } catch (error) {
    await device.close();
    throw error;
  }
}
