/** @file What ONNX Runtime's CUDA provider needs: its own library and NVIDIA's, and where each comes from. */

import { existsSync } from "node:fs";
import { join } from "node:path";

/** ONNX Runtime's own library for CUDA; it is not part of the npm package. */
export const CUDA_PROVIDER = "libonnxruntime_providers_cuda.so";
/** Its installer knows no other name; since 1.27 the build that it fetches is one for CUDA 13. */
export const INSTALL_PROVIDER = "npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12";
/** Loaded when a convolution first runs, and therefore not among what the library names. */
export const CUDNN = "libcudnn.so.9";
/** Of CUDA, which copies between host and GPU. */
export const CUDA_RUNTIME = "libcudart.so.13";
export const CUDA_VERSIONS = "CUDA 13 and cuDNN 9";

/** What the provider of 1.29 names, in an order in which they find one another, and cuDNN. */
const NEEDED = [
  "libcuda.so.1",
  CUDA_RUNTIME,
  "libcublasLt.so.13",
  "libcublas.so.13",
  "libcurand.so.10",
  CUDNN,
] as const;

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

/** Where one library comes from. */
export function remedyOf(library: string): string {
  const name = packageOf(library);
  if (name === undefined) return `install the package that has ${library}`;
  if (!isPackage(name)) return `install ${name}`;
  return `sudo apt-get install ${name}, or add its folder to LD_LIBRARY_PATH`;
}

/** Where several come from: one command for all packages. */
export function remediesOf(libraries: readonly string[]): string[] {
  const of = (library: string) => (library === CUDA_PROVIDER ? INSTALL_PROVIDER : remedyOf(library));
  const packaged = libraries.filter((library) => isPackage(packageOf(library)));
  const packages = [...new Set(packaged.map(packageOf))].join(" ");
  const together = `sudo apt-get install ${packages}, or add their folder to LD_LIBRARY_PATH`;
  return [
    ...libraries.filter((library) => !packaged.includes(library)).map(of),
    ...(packaged.length === 0 ? [] : [packaged.length === 1 ? of(packaged[0]!) : together]),
  ];
}

function packageOf(library: string): string | undefined {
  const name = PACKAGES.find(([pattern]) => pattern.test(library))?.[1];
  return name?.replace("%", /\.so\.(\d+)$/.exec(library)?.[1] ?? "13");
}

const isPackage = (name = "") => /^(lib|cuda)/.test(name);

/**
 * @param folder where onnxruntime-node has its libraries
 * @param load throws when the loader does not find a library of this name
 * @returns the names of all that is missing
 */
export function missingForCuda(folder: string, load: (library: string) => void): string[] {
  const provider = existsSync(join(folder, CUDA_PROVIDER)) ? [] : [CUDA_PROVIDER];
  return [...provider, ...NEEDED.filter((library) => !loads(load, library))];
}

function loads(load: (library: string) => void, library: string): boolean {
  try {
    load(library);
    return true;
  } catch {
    return false;
  }
}
