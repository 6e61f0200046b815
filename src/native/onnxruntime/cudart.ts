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
import { made } from "./handle.js";
import type { Address } from "./api.js";
import { libraryFolder, openKoffi } from "./library.js";
import { stagedCopies, STAGING_BYTES, type StagedCopies } from "./stagedCopies.js";

/** Of cudaMemcpyKind. Source: driver_types.h, CUDA 13 */
const HOST_TO_DEVICE = 1;
const DEVICE_TO_HOST = 2;

/** @throws ProviderError that names all that is missing, when a library or the GPU is not there */
export async function openCudaCopies(deviceId: number): Promise<StagedCopies> {
  const koffi = await openKoffi();
  checkLibraries(koffi);
  const library = koffi.load(CUDA_RUNTIME);
  const check = checkedBy(library.func("str cudaGetErrorString(int error)") as (code: number) => string);
  const count = new Int32Array(1);
  const setDevice = library.func("int cudaSetDevice(int device)") as (device: number) => number;
  const countDevices = library.func("int cudaGetDeviceCount(void *count)") as (place: Int32Array) => number;
  const lock = library.func("int cudaMallocHost(void *place, size_t bytes)") as (
    place: BigUint64Array,
    bytes: number,
  ) => number;
  const free = library.func("int cudaFreeHost(void *address)") as (address: Address) => number;
  const memcpy = library.func("int cudaMemcpy(void *to, void *from, size_t bytes, int kind)") as (
    to: Address,
    from: Address,
    bytes: number,
    kind: number,
  ) => number;
  check("looks for a GPU", countDevices(count));
  if (deviceId >= count[0]!) {
    throw new ProviderError(
      `cuda: GPU ${deviceId} is not there, expected 0 to ${count[0]! - 1}; choose another`,
    );
  }
  const copies = (what: string, kind: number) => (to: Address, from: Address, bytes: number) => {
    check("chooses the GPU", setDevice(deviceId)); // a thread's own choice, which others may have changed
    check(what, memcpy(to, from, bytes, kind));
  };
  check("chooses the GPU", setDevice(deviceId));
  const address = made((place) => check("locks memory of the host", lock(place, STAGING_BYTES)));
  return stagedCopies({
    address,
    view: koffi.view(address, STAGING_BYTES),
    toDevice: copies("copies to the GPU", HOST_TO_DEVICE),
    toHost: copies("copies from the GPU", DEVICE_TO_HOST),
    free: () => void free(address), // a GPU that failed takes it back when the process ends
  });
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
