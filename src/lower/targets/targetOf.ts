/** @file What graphs are lowered for, by execution provider, where nothing is known of the machine. */

import type { ExecutionProvider } from "../../ir/executionProvider.js";
import type { Target } from "../target.js";
import { cpu } from "./cpu.js";
import { cuda } from "./cuda.js";
import { webgpu } from "./webgpu.js";

const TARGETS: Readonly<Record<ExecutionProvider, Target>> = {
  cpu,
  // The build of ONNX Runtime for browsers has the kernels of the CPU.
  wasm: { ...cpu, ep: "wasm" },
  webgpu,
  cuda,
};

export const targetOf = (ep: ExecutionProvider): Target => TARGETS[ep];
