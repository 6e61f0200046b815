/**
 * @file The library that onnxruntime-node ships, opened a second time for its C API: the loader gives the one that the
 * binding uses, so that both share its threads and its memory.
 */

import { createRequire } from "node:module";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { ProviderError } from "../../errors.js";
import { hasRoom, loadKoffi, STACK_BYTES, type Koffi } from "../koffi.js";
import { API_VERSION } from "./apiTable.js";

export interface OrtLibrary {
  readonly koffi: Koffi;
  /** Such as "1.29.0". */
  readonly version: string;
  /** Address of the table of functions. */
  readonly table: bigint;
  /** To be held for as long as one of them may be called: koffi unloads a library whose handle is collected. */
  readonly handle: ReturnType<Koffi["load"]>;
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
  const koffi = await openKoffi();
  const path = libraryIn(folder);
  try {
    const handle = koffi.load(path);
    const base: unknown = handle.func("void *OrtGetApiBase()")();
    // struct OrtApiBase: GetApi, GetVersionString
    const [getApi, getVersion] = koffi.decode(base, koffi.array("void *", 2)) as [bigint, bigint];
    const version = koffi.call(getVersion, koffi.proto("str", [])) as string;
    const table = koffi.call(getApi, koffi.proto("void *", ["uint32_t"]), API_VERSION) as bigint | null;
    if (table !== null) return { koffi, version, table, handle };
    throw new Error(`is ${version}, expected 1.${API_VERSION} or newer`);
  } catch (error) {
    throw new ProviderError(
      `${path}: ONNX Runtime's C API does not open (${(error as Error).message}); npm rebuild onnxruntime-node`,
      { cause: error },
    );
  }
}

/** @throws ProviderError when it does not load, or was in use before we could make room */
export async function openKoffi(): Promise<Koffi> {
  const koffi = await loadKoffi().catch((error: unknown) => {
    throw new ProviderError(
      `koffi does not load (${(error as Error).message}), expected the way to ONNX Runtime's C API; npm install koffi`,
      { cause: error },
    );
  });
  if (hasRoom(koffi)) return koffi;
  throw new ProviderError(
    `koffi: has stacks of ${koffi.config().async_stack_size} bytes, expected ${STACK_BYTES}; ` +
      "open the device before another package loads a library with koffi",
  );
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
