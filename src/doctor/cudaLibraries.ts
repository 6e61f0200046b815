/** @file Which of NVIDIA's libraries that onnxruntime's CUDA provider needs the loader does not find. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { CUDNN, remedyOf } from "../native/cudaLibraries.js";
import type { Finding } from "./finding.js";
import { run } from "./run.js";

/** @param library path of libonnxruntime_providers_cuda.so */
export async function lookAtCudaLibraries(library: string): Promise<Finding[]> {
  const { stdout } = await run("ldd", [library]);
  const cudnn = (await run("ldconfig", ["-p"])).stdout.includes(CUDNN) || inPath(CUDNN);
  const missing = missingOf(stdout);
  const all = cudnn ? missing : [...missing, CUDNN];
  if (all.length === 0) return [{ what: "CUDA libraries", state: "fine", found: "all found by the loader" }];
  return all.map((name) => ({
    what: name,
    state: "problem",
    found: "not found by the loader",
    remedy: remedyOf(name),
  }));
}

/** Names that ldd prints as "libcublas.so.13 => not found". */
export function missingOf(ldd: string): string[] {
  return [...ldd.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name!);
}

function inPath(library: string): boolean {
  const folders = (process.env["LD_LIBRARY_PATH"] ?? "").split(":");
  return folders.some((folder) => folder !== "" && existsSync(join(folder, library)));
}
