/** @file ONNX Runtime's CUDA provider, as sessions ask for it. Source: cuda_provider_options.h, 1.29.0 */

import type { OrtApi } from "./api.js";
import { Handle, made } from "./handle.js";

export interface CudaProviderOptions {
  /** The GPU's number, from 0. */
  readonly deviceId: number;
  /** Products of float32 with 10 bits of mantissa, on the tensor cores. */
  readonly tf32: boolean;
  /** What the arena of each session may take; null: all that there is. */
  readonly memoryLimitBytes: number | null;
  /** After its first runs, all kernels of a session that is repeated are launched as one graph. */
  readonly captureGraph: boolean;
  /** Others, under the runtime's names: for measurements. */
  readonly others?: Readonly<Record<string, string>>;
}

/** Under the runtime's names. */
export function cudaEntries({
  deviceId,
  tf32,
  memoryLimitBytes,
  captureGraph,
  others,
}: CudaProviderOptions): Record<string, string> {
  return {
    device_id: String(deviceId),
    use_tf32: tf32 ? "1" : "0",
    enable_cuda_graph: captureGraph ? "1" : "0",
    ...(memoryLimitBytes === null ? {} : { gpu_mem_limit: String(memoryLimitBytes) }),
    // A training step asks for the same sizes again and again: powers of two would leave up to half unused.
    arena_extend_strategy: "kSameAsRequested",
    // Shapes are fixed: the fastest algorithm is looked for once, with all the room it wants.
    cudnn_conv_algo_search: "EXHAUSTIVE",
    cudnn_conv_use_max_workspace: "1",
    do_copy_in_default_stream: "1",
    ...others,
  };
}

/** @throws OrtError when the provider's library does not load, or there is no such GPU */
export function appendCuda(api: OrtApi, session: Handle, options: CudaProviderOptions): void {
  const cuda = new Handle(
    "CUDA options",
    made((place) => api.CreateCUDAProviderOptions(place)),
    api.ReleaseCUDAProviderOptions,
  );
  try {
    const entries = cudaEntries(options);
    api.UpdateCUDAProviderOptions(
      cuda.address,
      Object.keys(entries),
      Object.values(entries),
      Object.keys(entries).length,
    );
    api.SessionOptionsAppendExecutionProvider_CUDA_V2(session.address, cuda.address);
  } finally {
    cuda.close();
  }
}
