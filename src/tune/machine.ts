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
  const machine: Machine = {
    platform: `${platform()} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    provider: "cpu",
    onnxruntime: await runtimeVersion(),
    threads,
    blockSize,
  };
  return { machine, target: blockSize === null ? cpu : blockedCpu(blockSize) };
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
