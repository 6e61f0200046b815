/** @file The device that the scripts of this folder measure: a GPU, or the CPU through the same door, to try them out. */

import type { Precision } from "../../src/ir/precision.js";
import type { Device } from "../../src/runtime/device.js";
import { openNativeDevice } from "../../src/runtime/nativeDevice.js";

export const EPS = ["cuda", "cpu"] as const;
export type Ep = (typeof EPS)[number];

export interface DeviceChoice {
  readonly ep: Ep;
  readonly tf32: boolean;
  readonly captureGraph: boolean;
  /** Convolutions of the CUDA provider in cuDNN's other layout. */
  readonly nhwc?: boolean;
}

export interface OurSide extends DeviceChoice {
  readonly precision: Precision;
}

/** @throws ProviderError when a library, the provider or the GPU is missing */
export function openDevice({ ep, tf32, captureGraph, nhwc = false }: DeviceChoice): Promise<Device> {
  if (ep === "cpu") return openNativeDevice({ ep });
  const others = { prefer_nhwc: nhwc ? "1" : "0" };
  return openNativeDevice({ ep, cuda: { deviceId: 0, tf32, memoryLimitBytes: null, captureGraph, others } });
}

/** "tf32", "fp16 captured", "bf16 nhwc": a precision, and what is done beside. */
export function sideOf(ep: Ep, way: string): OurSide {
  const [precision, ...beside] = way.split(" ");
  const known = ["captured", "nhwc"];
  const wrong = beside.filter((word) => !known.includes(word));
  if (wrong.length > 0) throw new Error(`${way}: found ${wrong.join(", ")}, expected ${known.join(" or ")}`);
  return {
    ...{
      ep,
      tf32: precision !== "fp32",
      precision: (precision === "tf32" ? "fp32" : precision) as Precision,
    },
    ...{ captureGraph: beside.includes("captured"), nhwc: beside.includes("nhwc") },
  };
}
