/**
 * @file Which runtime the encoder runs on: the GPU where it computes what the CPU does, else the CPU. Both are in the
 * "webgpu" build of onnxruntime-web, so that the comparison downloads nothing more.
 */

import { ProviderError, type InstdiscError } from "../../errors.js";
import { ORT_FILES } from "../../runtime/web.js";
import { difference } from "./compareRuntimes.js";
import type { EngineOptions } from "./engineTypes.js";
import { download, type OnBytes } from "./download.js";
import { openEncoder, type EncoderForm, type WebEncoder } from "./encoder.js";

export interface ChosenEncoder {
  readonly encoder: WebEncoder;
  readonly runtime: "webgpu" | "wasm";
  /** Why it is not WebGPU although that was wished for; null: it is what was asked for. */
  readonly runtimeNote: string | null;
}

/**
 * @param assets the folder with ORT_FILES
 * @throws ProviderError when the runtime that was asked for is not there
 */
export async function openChosenEncoder(
  model: Uint8Array,
  form: EncoderForm,
  wish: NonNullable<EngineOptions["runtime"]>,
  assets: URL,
  onBytes: OnBytes,
): Promise<ChosenEncoder> {
  const without = wish === "wasm" ? null : await reasonAgainstGpu(wish);
  const build = wish === "wasm" || without !== null ? "wasm" : "webgpu";
  if (wish === "webgpu" && without !== null) throw noGpu(without);
  const binary = await download(new URL(ORT_FILES[build].binary, assets), onBytes);
  const wasm = await openEncoder(model, form, { ep: "wasm", build, assets, binary });
  if (build === "wasm") return { encoder: wasm, runtime: "wasm", runtimeNote: without };
  const gpu = await openGpu(model, form, assets, wasm);
  if (typeof gpu !== "string") {
    await wasm.close();
    return { encoder: gpu, runtime: "webgpu", runtimeNote: null };
  }
  if (wish === "webgpu") throw noGpu(gpu);
  return { encoder: wasm, runtime: "wasm", runtimeNote: gpu };
}

/** @returns an encoder that computes what `wasm` does, or why there is none, for a person */
async function openGpu(
  model: Uint8Array,
  form: EncoderForm,
  assets: URL,
  wasm: WebEncoder,
): Promise<WebEncoder | string> {
  const gpu = await openEncoder(model, form, { ep: "webgpu", build: "webgpu", assets }).catch(
    (error: InstdiscError) => error.message,
  );
  if (typeof gpu === "string") return gpu;
  const fault = await difference(wasm, gpu, form.preprocessing.imageSize);
  if (fault === null) return gpu;
  await gpu.close();
  return fault;
}

function noGpu(reason: string): ProviderError {
  return new ProviderError(`engine: WebGPU is not available (${reason}), available: wasm; choose wasm`);
}

/** What of WebGPU is read here; the types of WebGPU are not among the language's own. */
interface Gpu {
  requestAdapter(): Promise<{ readonly info?: { readonly isFallbackAdapter?: boolean } } | null>;
}

/** null: there is a GPU. A GPU played by the CPU counts only for those who insist: wasm is faster. */
export async function reasonAgainstGpu(wish: "auto" | "webgpu"): Promise<string | null> {
  const { gpu } = navigator as unknown as { readonly gpu?: Gpu };
  if (gpu === undefined) return "this browser has no WebGPU";
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null) return "this browser finds no GPU";
  return wish === "auto" && adapter.info?.isFallbackAdapter === true ? "the GPU is played by the CPU" : null;
}
