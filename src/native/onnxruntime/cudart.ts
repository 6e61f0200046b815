/**
 * @file Copies between host and GPU by NVIDIA's own runtime library, which the CUDA provider has loaded anyway.
 *
 * The C API has two other ways: a session of one Identity, which takes room for what it copies and copies it twice;
 * and CopyTensors, which knows only providers that are registered as plug-ins. A graph that was captured wants its
 * inputs at fixed addresses, and a copy to an address is what cudaMemcpy is.
 */

import { ProviderError } from "../../errors.js";
import { CUDA_RUNTIME, CUDA_VERSIONS, missingForCuda, remediesOf } from "../cudaLibraries.js";
import type { Koffi } from "../koffi.js";
import type { Address } from "./api.js";
import { libraryFolder, openKoffi } from "./library.js";

/** Of cudaMemcpyKind. Source: driver_types.h, CUDA 13 */
const HOST_TO_DEVICE = 1;
const DEVICE_TO_HOST = 2;

export interface CudaCopies {
  /** @throws ProviderError with CUDA's own words */
  toDevice(from: NodeJS.TypedArray, to: Address): void;
  /** @throws ProviderError with CUDA's own words */
  toHost(from: Address, to: NodeJS.TypedArray): void;
}

/** @throws ProviderError that names all that is missing, when a library or the GPU is not there */
export async function openCudaCopies(deviceId: number): Promise<CudaCopies> {
  const koffi = await openKoffi();
  checkLibraries(koffi);
  const library = koffi.load(CUDA_RUNTIME);
  const check = checkedBy(library.func("str cudaGetErrorString(int error)") as (code: number) => string);
  const count = new Int32Array(1);
  const setDevice = library.func("int cudaSetDevice(int device)") as (device: number) => number;
  const countDevices = library.func("int cudaGetDeviceCount(void *count)") as (place: Int32Array) => number;
  const wait = library.func("int cudaDeviceSynchronize()") as () => number;
  const copy = library.func("int cudaMemcpy(void *to, void *from, size_t bytes, int kind)") as (
    to: Address | NodeJS.TypedArray,
    from: Address | NodeJS.TypedArray,
    bytes: number,
    kind: number,
  ) => number;
  check("looks for a GPU", countDevices(count));
  if (deviceId >= count[0]!) {
    throw new ProviderError(
      `cuda: GPU ${deviceId} is not there, expected 0 to ${count[0]! - 1}; choose another`,
    );
  }
  return {
    toDevice(from, to) {
      check("chooses the GPU", setDevice(deviceId)); // a thread's own choice, which others may have changed
      check("copies to the GPU", copy(to, from, from.byteLength, HOST_TO_DEVICE));
      check("copies to the GPU", wait()); // cudaMemcpy may return while the last bytes are on their way
    },
    toHost(from, to) {
      check("chooses the GPU", setDevice(deviceId));
      check("copies from the GPU", copy(to, from, to.byteLength, DEVICE_TO_HOST));
    },
  };
}

const checkedBy = (wordsOf: (code: number) => string) => (what: string, code: number) => {
  if (code === 0) return;
  throw new ProviderError(
    `cuda: ${what}: ${wordsOf(code)} (CUDA error ${code}), expected a GPU and a driver for ${CUDA_VERSIONS}; ` +
      "nvidia-smi says what there is, or choose --ep cpu",
  );
};

/** @throws ProviderError that names every library that is not found */
function checkLibraries(koffi: Koffi): void {
  const here = `${process.platform}-${process.arch}`;
  if (here !== "linux-x64") {
    throw new ProviderError(
      `cuda: is not available on ${here}, expected linux-x64; choose --ep cpu or webgpu`,
    );
  }
  const missing = missingForCuda(libraryFolder(), (name) => koffi.load(name));
  if (missing.length === 0) return;
  throw new ProviderError(
    `cuda: not found: ${missing.join(", ")}; expected the libraries of ${CUDA_VERSIONS}; ` +
      `${remediesOf(missing).join("; ")}; or choose --ep cpu`,
  );
}
