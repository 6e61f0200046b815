/** @file The machine at hand: what measurements hold for, and the ways of computing that it has. */

import { arch, cpus, platform } from "node:os";
import type { Machine } from "../artifact/tuning.js";
import type { Target } from "../lower/target.js";
import { blockedCpu } from "../lower/targets/blockedCpu.js";
import { cpu } from "../lower/targets/cpu.js";
import { runtimeVersion } from "../runtime/node.js";
import { findBlockSize } from "./blockSize.js";

export interface MachineTarget {
  readonly machine: Machine;
  readonly target: Target;
}

/** @param threads of the runtime */
export async function machineTarget(threads: number): Promise<MachineTarget> {
  const blockSize = await findBlockSize();
  const machine = { ...(await describeMachine("cpu")), threads, blockSize };
  return { machine, target: blockSize === null ? cpu : blockedCpu(blockSize) };
}

/**
 * Of a device, on which neither threads nor the CPU's own layout have a part in anything.
 * @param gpu as it names itself; null: the processor stands for the machine that it is in
 */
export async function deviceTarget(target: Target, gpu: string | null): Promise<MachineTarget> {
  const described = await describeMachine(target.ep);
  const processor = gpu ?? described.processor;
  return { machine: { ...described, processor, threads: 1, blockSize: null }, target };
}

async function describeMachine(
  provider: Machine["provider"],
): Promise<Omit<Machine, "threads" | "blockSize">> {
  return {
    platform: `${platform()} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    provider,
    onnxruntime: await runtimeVersion(),
  };
}

/** As one line: equal for machines whose measurements and bits are the same. */
export function showMachine({
  platform,
  processor,
  provider,
  onnxruntime,
  threads,
  blockSize,
}: Machine): string {
  const layout = blockSize === null ? "" : `, blocks of ${blockSize}`;
  return `${processor}, ${platform}, ONNX Runtime ${onnxruntime} ${provider}, ${threads} ${threads === 1 ? "thread" : "threads"}${layout}`;
}
