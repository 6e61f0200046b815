/** @file The door to CUDA: ONNX Runtime's own interface in C. It is not built yet. */

import { ProviderError } from "../errors.js";
import type { Device } from "./device.js";

export interface CudaOptions {
  /** Of the GPU, as nvidia-smi counts. */
  readonly deviceId: number;
  /** Products of matrices and convolutions may round their factors to 10 bits. */
  readonly tf32: boolean;
  /** null: all there is. */
  readonly memoryLimitBytes: number | null;
  /** Runs are recorded once, and replayed. */
  readonly captureGraph: boolean;
}

export interface NativeDeviceOptions {
  readonly ep: "cpu" | "cuda";
  readonly threads?: number;
  readonly cuda?: CudaOptions;
}

/** @throws ProviderError when the provider is not there */
export function openNativeDevice({ ep }: NativeDeviceOptions): Promise<Device> {
  const message = `execution provider ${ep}: training on ${ep} is not available in this version, expected cpu; leave --ep out`;
  return Promise.reject(new ProviderError(message));
}
