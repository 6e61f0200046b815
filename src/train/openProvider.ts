/** @file From a plan to what computes it: a run uses one execution provider for everything, and never another. */

import { cpuProvider, type Provider } from "../evaluate/provider.js";
import { targetOf } from "../lower/targets/targetOf.js";
import type { Device } from "../runtime/device.js";
import { SESSION_OPTIONS } from "../runtime/node.js";
import type { TrainPlan } from "./plan.js";

const GIB = 2 ** 30;

export interface RunProvider extends Provider {
  /** null: state is in the host's memory. */
  readonly device: Device | null;
  /** Of sessions, under the runtime's names: what bits depend on. */
  readonly sessionOptions: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

type Asked = Pick<TrainPlan, "ep" | "threads" | "cuda">;

/** @throws ProviderError when the provider is not there, with what to do about it */
export async function openProvider(asked: Asked): Promise<RunProvider> {
  if (asked.ep === "cpu") {
    const nothing = () => Promise.resolve();
    return { ...cpuProvider(asked.threads), device: null, sessionOptions: SESSION_OPTIONS, close: nothing };
  }
  return providerOn(await openDevice(asked), asked);
}

/** @param device closed with the provider */
export function providerOn(device: Device, { ep, cuda }: Omit<Asked, "threads">): RunProvider {
  const tf32: Record<string, string> = cuda === null ? {} : { use_tf32: cuda.tf32 ? "1" : "0" };
  return {
    target: targetOf(ep),
    open: (model, where) => device.openSession(model, where),
    device,
    sessionOptions: { ...SESSION_OPTIONS, ...tf32 },
    close: () => device.close(),
  };
}

/** Each door is opened only by who needs it. */
async function openDevice({ ep, cuda, threads }: Asked): Promise<Device> {
  if (ep === "webgpu") return (await import("../runtime/nodeGpu.js")).openNodeGpuDevice();
  const { openNativeDevice } = await import("../runtime/nativeDevice.js");
  const { deviceId = 0, tf32 = true, memoryLimitGiB = null } = cuda ?? {};
  const memoryLimitBytes = memoryLimitGiB === null ? null : Math.round(memoryLimitGiB * GIB);
  return openNativeDevice({
    ...{ ep: "cuda", threads },
    // Evaluation feeds batches of several sizes, which a recorded run cannot take.
    cuda: { deviceId, tf32, memoryLimitBytes, captureGraph: false },
  });
}
