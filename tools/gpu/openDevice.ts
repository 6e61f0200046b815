/** @file The device that the scripts of this folder measure: a GPU, or the CPU through the same door, to try them out. */

import type { Device } from "../../src/runtime/device.js";
import type { Precision } from "../../src/ir/precision.js";

export const EPS = ["cuda", "cpu"] as const;
export type Ep = (typeof EPS)[number];

export interface DeviceChoice {
  readonly ep: Ep;
  readonly tf32: boolean;
  readonly captureGraph: boolean;
}

export interface OurSide extends DeviceChoice {
  readonly precision: Precision;
}

interface NativeDoor {
  openNativeDevice(options: object): Promise<Device>;
}

/** @throws ProviderError when a library, the provider or the GPU is missing */
export async function openDevice({ ep, tf32, captureGraph }: DeviceChoice): Promise<Device> {
  const door: string = "../../src/runtime/nativeDevice.js";
  const { openNativeDevice } = (await import(door)) as NativeDoor;
  const cuda = { deviceId: 0, tf32, memoryLimitBytes: null, captureGraph };
  return openNativeDevice({ ep, ...(ep === "cuda" ? { cuda } : {}) });
}
