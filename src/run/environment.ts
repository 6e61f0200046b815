/** @file env.json: with what, and on what, a run was computed when it was last started. */

import { arch, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { atomicWrite } from "../artifact/node.js";
import type { TrainingProvider } from "../ir/executionProvider.js";
import { VERSION } from "../version.js";
import { RUN } from "./layout.js";

export interface Environment {
  readonly "onnx-instdisc": string;
  readonly node: string;
  readonly onnxruntime: string;
  /** Such as "linux 6.1.0 x64". */
  readonly platform: string;
  /** As it names itself. */
  readonly processor: string;
  readonly cores: number;
  /** Execution provider. */
  readonly ep: TrainingProvider;
  /** Of the runtime, on the CPU. */
  readonly threads: number;
  readonly memoryBytes: number;
  /** Arguments after the name of the program. */
  readonly command: readonly string[];
}

export function describeEnvironment(
  given: Pick<Environment, "onnxruntime" | "ep" | "threads" | "command">,
): Environment {
  const processors = cpus();
  return {
    "onnx-instdisc": VERSION,
    node: process.versions.node,
    onnxruntime: given.onnxruntime,
    platform: `${platform()} ${release()} ${arch()}`,
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    ep: given.ep,
    threads: given.threads,
    memoryBytes: totalmem(),
    command: given.command,
  };
}

/** @throws ArtifactError when the folder cannot be written */
export async function writeEnvironment(folder: string, environment: Environment): Promise<void> {
  await atomicWrite(
    join(folder, RUN.environment),
    new TextEncoder().encode(`${JSON.stringify(environment, null, 2)}\n`),
  );
}
