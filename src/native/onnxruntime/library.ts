/**
 * @file The library that onnxruntime-node ships, opened a second time for its C API: the loader gives the one that the
 * binding uses, so that both share its threads and its memory.
 */

import { createRequire } from "node:module";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { ProviderError } from "../../errors.js";
import { API_VERSION } from "./apiTable.js";

export type Koffi = typeof import("koffi").default;

export interface OrtLibrary {
  readonly koffi: Koffi;
  /** Such as "1.29.0". */
  readonly version: string;
  /** Address of the table of functions. */
  readonly table: bigint;
}

/** Its name on each system. */
const NAMES: Readonly<Partial<Record<NodeJS.Platform, RegExp>>> = {
  linux: /^libonnxruntime\.so/,
  darwin: /^libonnxruntime\.\d+\.dylib$/,
  win32: /^onnxruntime\.dll$/,
};

/** Where onnxruntime-node has its libraries, and looks for those of providers. */
export function libraryFolder(): string {
  const entry = createRequire(import.meta.url).resolve("onnxruntime-node");
  return join(dirname(dirname(entry)), "bin", "napi-v6", process.platform, process.arch);
}

/** @throws ProviderError when koffi or the library does not load, or has no table of our version */
export async function loadLibrary(folder = libraryFolder()): Promise<OrtLibrary> {
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1"; // read when it loads
  const koffi = await loadKoffi();
  const path = libraryIn(folder);
  try {
    const base: unknown = koffi.load(path).func("void *OrtGetApiBase()")();
    // struct OrtApiBase: GetApi, GetVersionString
    const [getApi, getVersion] = koffi.decode(base, koffi.array("void *", 2)) as [bigint, bigint];
    const version = koffi.call(getVersion, koffi.proto("str", [])) as string;
    const table = koffi.call(getApi, koffi.proto("void *", ["uint32_t"]), API_VERSION) as bigint | null;
    if (table !== null) return { koffi, version, table };
    throw new Error(`is ${version}, expected 1.${API_VERSION} or newer`);
  } catch (error) {
    throw new ProviderError(
      `${path}: ONNX Runtime's C API does not open (${(error as Error).message}); npm rebuild onnxruntime-node`,
      { cause: error },
    );
  }
}

/** @throws ProviderError when it does not load */
export async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import("koffi")).default;
  } catch (error) {
    throw new ProviderError(
      `koffi does not load (${(error as Error).message}), expected the way to ONNX Runtime's C API; npm install koffi`,
      { cause: error },
    );
  }
}

function libraryIn(folder: string): string {
  const name = NAMES[process.platform];
  const found = existsSync(folder) && name ? readdirSync(folder).find((file) => name.test(file)) : undefined;
  if (found !== undefined) return join(folder, found);
  throw new ProviderError(
    `${folder}: has no library of ONNX Runtime for ${process.platform}-${process.arch}, ` +
      "expected that of onnxruntime-node; npm rebuild onnxruntime-node",
  );
}
