/** @file NVIDIA's libraries that onnxruntime's CUDA provider needs, and which of them the loader does not find. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "./finding.js";
import { run } from "./run.js";

/** Loaded when a convolution first runs, and therefore not among what the library names. */
const CUDNN = "libcudnn.so.9";

/**
 * Debian's and Ubuntu's package of each, in NVIDIA's repository; %: the library's own number, where that is CUDA's.
 * ONNX Runtime's build is one for CUDA 13.
 */
const PACKAGES: readonly (readonly [library: RegExp, name: string])[] = [
  [/^libcublas(Lt)?\.so/, "libcublas-%-0"],
  [/^libcudart\.so/, "cuda-cudart-%-0"],
  [/^libcurand\.so/, "libcurand-13-0"],
  [/^libcufft\.so/, "libcufft-13-0"],
  [/^libcudnn/, "libcudnn9-cuda-13"],
  [/^libcuda\.so/, "the NVIDIA driver"],
];

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

export function remedyOf(library: string): string {
  const name = PACKAGES.find(([pattern]) => pattern.test(library))?.[1];
  if (name === undefined) return `install the package that has ${library}`;
  if (!name.startsWith("lib") && !name.startsWith("cuda")) return `install ${name}`;
  const version = /\.so\.(\d+)$/.exec(library)?.[1] ?? "13";
  return `sudo apt-get install ${name.replace("%", version)}, or add its folder to LD_LIBRARY_PATH`;
}

function inPath(library: string): boolean {
  const folders = (process.env["LD_LIBRARY_PATH"] ?? "").split(":");
  return folders.some((folder) => folder !== "" && existsSync(join(folder, library)));
}
