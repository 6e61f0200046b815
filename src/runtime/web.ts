/**
 * @file The door to onnxruntime-web: models in a browser, and in Node its wasm on the CPU. Nothing else imports it.
 *
 * The library comes in two builds: "wasm" computes on the CPU; "webgpu" on the GPU too, but is twice as large. Each is
 * loaded when it is first asked for, so that whoever needs one never downloads the other. Its files come from `assets`
 * and nowhere else. What a build loads and how many threads it starts is settled by the first model that it opens.
 */

import type { Env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { ProviderError } from "../errors.js";
import type { ExecutionProvider } from "../ir/executionProvider.js";
import { refusal, sessionOver, type HostTensor, type Session, type SessionOptions } from "./session.js";
import { webThreads } from "./webThreads.js";

type Ort = typeof import("onnxruntime-web/wasm");

export type WebBuild = "wasm" | "webgpu";

/** What has to lie in the folder `assets`. */
export const ORT_FILES: Readonly<Record<WebBuild, { readonly script: string; readonly binary: string }>> = {
  wasm: { script: "ort-wasm-simd-threaded.mjs", binary: "ort-wasm-simd-threaded.wasm" },
  webgpu: {
    script: "ort-wasm-simd-threaded.asyncify.mjs",
    binary: "ort-wasm-simd-threaded.asyncify.wasm",
  },
};

export interface WebSessionOptions extends SessionOptions {
  /** The folder with ORT_FILES, ending in a slash; in Node that of the package itself. */
  readonly assets: URL;
  /** Default: the one that has the execution provider. "webgpu" has wasm too. */
  readonly build?: WebBuild;
  /** The build's binary, where the caller has downloaded it already. */
  readonly binary?: Uint8Array<ArrayBuffer>;
}

/** Providers that this door opens. */
const OPEN: readonly ExecutionProvider[] = ["wasm", "webgpu"];

const loaded = new Map<WebBuild, Promise<Ort>>();

function loadOrt(build: WebBuild): Promise<Ort> {
  const found = loaded.get(build);
  if (found !== undefined) return found;
  const loading = build === "wasm" ? import("onnxruntime-web/wasm") : import("onnxruntime-web/webgpu");
  loaded.set(build, loading);
  return loading;
}

/** @throws ProviderError when the provider is not there or the runtime refuses the model */
export async function openSession(
  model: Uint8Array,
  where: string,
  options: WebSessionOptions,
): Promise<Session> {
  const { ep, build = ep === "webgpu" ? "webgpu" : "wasm" } = options;
  if (!OPEN.includes(ep) || (ep === "webgpu" && build === "wasm")) {
    throw new ProviderError(
      `${where}: execution provider ${ep} is not available in the ${build} build of onnxruntime-web, ` +
        `expected ${build === "wasm" ? "wasm" : OPEN.join(", ")}; choose one of these`,
    );
  }
  const of = { where, library: "ONNX Runtime Web" };
  const ort = await loadOrt(build);
  settle(ort.env, options);
  try {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [ep],
      logSeverityLevel: LOG_ERRORS,
    });
    return sessionOver(session, ep, of, runAndCopy(ort, session, where));
  } catch (error) {
    throw refusal(of, "does not load the model", error);
  }
}

/** Of the library. */
export async function webVersion(build: WebBuild): Promise<string> {
  return (await loadOrt(build)).env.versions.web ?? "unknown";
}

/** Only errors: the runtime warns in the console of nodes that it leaves on the CPU on purpose. */
const LOG_ERRORS = 3;

/** Read by the library when it opens its first model, and ignored afterwards. */
function settle(env: Env, { assets, binary, threads }: WebSessionOptions): void {
  env.logLevel = "error";
  env.wasm.wasmPaths = assets.href;
  if (binary !== undefined) env.wasm.wasmBinary = binary.buffer;
  env.wasm.numThreads = webThreads(threads);
}

function runAndCopy(ort: Ort, session: InferenceSession, where: string): Session["run"] {
  return async (feeds, into) => {
    const tensors = Object.fromEntries(
      [...feeds].map(([name, { dtype, data, shape }]) => [name, new ort.Tensor(dtype, data, shape)]),
    );
    const results = await session.run(tensors, [...into.keys()]);
    for (const [name, tensor] of into) copy(results[name]!, tensor, `${where}: output ${name}`);
  };
}

/** The library's own array is as long as its memory lives: never handed out. */
function copy(result: Tensor, into: HostTensor, where: string): void {
  if (result.type !== into.dtype || result.dims.join() !== into.shape.join()) {
    throw new ProviderError(
      `${where} is ${result.type} [${result.dims.join(", ")}], expected ${into.dtype} ` +
        `[${into.shape.join(", ")}]; give an array that fits the model`,
    );
  }
  if (into.dtype === "int64") into.data.set(result.data as BigInt64Array);
  else into.data.set(result.data as Float32Array | Uint8Array);
  result.dispose();
}
