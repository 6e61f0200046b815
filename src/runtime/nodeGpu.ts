/** @file The door to WebGPU in Node. It is not built yet. */

import { ProviderError } from "../errors.js";
import type { Device } from "./device.js";

/** @throws ProviderError when there is no adapter */
export function openNodeGpuDevice(): Promise<Device> {
  const message =
    "execution provider webgpu: training on webgpu is not available in this version, expected cpu; leave --ep out";
  return Promise.reject(new ProviderError(message));
}
