/** @file The execution providers: cpu and webgpu compute a small model; of cuda, the libraries are looked for. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { CUDA_PROVIDER, INSTALL_PROVIDER } from "../native/cudaLibraries.js";
import { lookAtCudaLibraries } from "./cudaLibraries.js";
import { firstLine, type Finding } from "./finding.js";
import { folderOf, versionOf } from "./packages.js";
import { run } from "./run.js";

const PROBE = join(import.meta.dirname, "probe.js");

export async function lookAtProviders(): Promise<Finding[]> {
  const [cpu, webgpu, cuda] = await Promise.all([lookAtCpu(), lookAtWebGpu(), lookAtCuda()]);
  return [cpu, ...cuda, webgpu];
}

async function lookAtCpu(): Promise<Finding> {
  const what = "cpu";
  const { error, seconds } = await probeProvider("cpu");
  const version = versionOf("onnxruntime-node");
  if (error === undefined)
    return { what, state: "fine", found: `onnxruntime-node ${version}, ${ms(seconds)}` };
  return { what, state: "problem", found: firstLine(error), remedy: "npm rebuild onnxruntime-node" };
}

async function lookAtWebGpu(): Promise<Finding> {
  const what = "webgpu";
  const { error, seconds } = await probeProvider("webgpu");
  if (error === undefined) return { what, state: "fine", found: `an adapter computes, ${ms(seconds)}` };
  const remedy =
    process.platform === "linux"
      ? "install Vulkan and the driver of your GPU, such as with: sudo apt-get install libvulkan1 mesa-vulkan-drivers"
      : "update the driver of your GPU";
  return { what, state: "absent", found: absenceWords(error), remedy };
}

/** What a provider that does not open says, in fewer words. */
export const absenceWords = (error: string) =>
  /No supported adapters/.test(error) ? "no adapter that it supports" : firstLine(error);

/** NVIDIA's libraries are not part of ONNX Runtime's, nor of any npm package. */
async function lookAtCuda(): Promise<Finding[]> {
  const what = "cuda";
  const folder = folderOf("onnxruntime-node");
  const library = join(folder ?? "", "bin/napi-v6", process.platform, process.arch, CUDA_PROVIDER);
  const driver = await nvidiaDriver();
  if (driver === null)
    return [{ what, state: "absent", found: "no NVIDIA GPU (nvidia-smi does not answer)" }];
  if (!existsSync(library)) {
    const found = `${driver}; onnxruntime's CUDA library is not there`;
    return [{ what, state: "problem", found, remedy: INSTALL_PROVIDER }];
  }
  return [{ what, state: "fine", found: driver }, ...(await lookAtCudaLibraries(library))];
}

/** "NVIDIA H200, driver 580.95"; null: nothing answers. */
async function nvidiaDriver(): Promise<string | null> {
  const query = ["--query-gpu=name,driver_version", "--format=csv,noheader"];
  const { stdout } = await run("nvidia-smi", query);
  const [first] = stdout.trim().split("\n");
  return first ? first.replace(/, /, ", driver ") : null;
}

/** What came of a small model on one provider. */
export interface Probed {
  readonly error?: string;
  readonly seconds?: number;
}

/** Runs probe.ts in a process of its own. */
export async function probeProvider(ep: string): Promise<Probed> {
  const { stdout, stderr } = await run(process.execPath, [PROBE, ep]);
  const line = stdout.trim().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(line) as Probed;
  } catch {
    return { error: `the process ended early (${firstLine(stderr) || "no message"})` };
  }
}

const ms = (seconds = 0) => `first result after ${Math.round(1000 * seconds)} ms`;
