/**
 * @file Which runtime the encoder runs on: the GPU where it computes what the CPU does, else the CPU. Both are in the
 * "webgpu" build of onnxruntime-web, so that the comparison downloads nothing more.
 */

import type { Picture } from "../../data/dataset.js";
import { ProviderError, type InstdiscError } from "../../errors.js";
import { ORT_FILES } from "../../runtime/web.js";
import type { EngineOptions } from "./engineTypes.js";
import { download, type OnBytes } from "./download.js";
import { openEncoder, type EncoderForm, type WebEncoder } from "./encoder.js";

/** Cosine between the two runtimes' vectors of one picture: rounding differs by far less. */
const LEAST_COSINE = 0.999;

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
  const gpu = await openEncoder(model, form, { ep: "webgpu", build, assets }).catch(
    (error: InstdiscError) => error,
  );
  const fault = gpu instanceof Error ? gpu.message : await difference(wasm, gpu, form);
  if (fault === null && !(gpu instanceof Error)) {
    await wasm.close();
    return { encoder: gpu, runtime: "webgpu", runtimeNote: null };
  }
  if (wish === "webgpu") throw noGpu(fault ?? "");
  if (!(gpu instanceof Error)) await gpu.close();
  return { encoder: wasm, runtime: "wasm", runtimeNote: fault };
}

function noGpu(reason: string): ProviderError {
  return new ProviderError(`engine: WebGPU is not available (${reason}), available: wasm; choose wasm`);
}

/** What of WebGPU is read here; the types of WebGPU are not among the language's own. */
interface Gpu {
  requestAdapter(): Promise<{ readonly info?: { readonly isFallbackAdapter?: boolean } } | null>;
}

/** null: there is a GPU. A GPU played by the CPU counts only for those who insist: wasm is faster. */
async function reasonAgainstGpu(wish: "auto" | "webgpu"): Promise<string | null> {
  const { gpu } = navigator as unknown as { readonly gpu?: Gpu };
  if (gpu === undefined) return "this browser has no WebGPU";
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null) return "this browser finds no GPU";
  return wish === "auto" && adapter.info?.isFallbackAdapter === true ? "the GPU is played by the CPU" : null;
}

/** null: both runtimes give the same vector of a picture with all kinds of values. */
async function difference(wasm: WebEncoder, gpu: WebEncoder, form: EncoderForm): Promise<string | null> {
  try {
    const picture = testPicture(form.preprocessing.imageSize);
    const [expected, found] = [await wasm.embed(picture), await gpu.embed(picture)];
    const cosine = expected.reduce((sum, value, at) => sum + value * found[at]!, 0);
    return cosine >= LEAST_COSINE
      ? null
      : `the GPU's vectors differ from the CPU's: cosine ${cosine.toFixed(4)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Slopes and edges of all brightnesses. */
export function testPicture(side: number): Picture {
  const data = new Uint8Array(3 * side * side);
  for (let at = 0; at < data.length; at++) {
    const [channel, x, y] = [at % 3, Math.floor(at / 3) % side, Math.floor(at / 3 / side)];
    data[at] = (x * (3 + channel) + y * (7 - channel) + (x * y) / (1 + channel)) % 256;
  }
  return { width: side, height: side, channels: 3, data };
}
