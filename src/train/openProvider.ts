/** @file From a plan to what computes it: a run uses one execution provider for everything, and never another. */

import { cpuProvider, type Provider } from "../evaluate/provider.js";
import { targetOf } from "../lower/targets/targetOf.js";
import type { Device } from "../runtime/device.js";
import type { Precision } from "../ir/precision.js";
import { gpuName } from "../native/gpuName.js";
import { SESSION_OPTIONS } from "../runtime/node.js";
import type { TrainPlan } from "./plan.js";

const GIB = 2 ** 30;

export interface RunProvider extends Provider {
  /** null: state is in the host's memory. */
  readonly device: Device | null;
  /** Of the GPU, as it names itself; null: unknown, or none. */
  readonly gpu: string | null;
  readonly precision: Precision;
  /** Of sessions, under the runtime's names: what bits depend on. */
  readonly sessionOptions: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

type Asked = Pick<TrainPlan, "ep" | "threads" | "cuda">;

/** @throws ProviderError when the provider is not there, with what to do about it */
export async function openProvider(asked: Asked): Promise<RunProvider> {
  if (asked.ep === "cpu") {
    const nothing = () => Promise.resolve();
    const none = { device: null, gpu: null, precision: "fp32" } as const;
    return { ...cpuProvider(asked.threads), ...none, sessionOptions: SESSION_OPTIONS, close: nothing };
  }
  const gpu = asked.cuda === null ? null : await gpuName(asked.cuda.deviceId);
  return providerOn(await openDevice(asked), asked, gpu);
}

/** @param device closed with the provider */
export function providerOn(
  device: Device,
  { ep, cuda }: Omit<Asked, "threads">,
  gpu: string | null = null,
): RunProvider {
  const tf32: Record<string, string> = cuda === null ? {} : { use_tf32: cuda.tf32 ? "1" : "0" };
  return {
    target: targetOf(ep),
    open: (model, where) => device.openSession(model, where),
    ...{ device, gpu, precision: cuda?.precision ?? "fp32" },
    sessionOptions: { ...SESSION_OPTIONS, ...tf32 },
    close: () => device.close(),
  };
}

/** Each door is opened only by who needs it. */
async function openDevice({ ep, cuda, threads }: Asked): Promise<Device> {
  if (ep === "webgpu") return (await import("../runtime/nodeGpu.js")).openNodeGpuDevice();
  const { openNativeDevice } = await import("../runtime/nativeDevice.js");
  const { deviceId = 0, tf32 = true, captureGraph = false, memoryLimitGiB = null } = cuda ?? {};
  const memoryLimitBytes = memoryLimitGiB === null ? null : Math.round(memoryLimitGiB * GIB);
  return openNativeDevice({
    ...{ ep: "cuda", threads },
    cuda: { deviceId, tf32, memoryLimitBytes, captureGraph },
  });
}
