/** @file What helps when ONNX Runtime refuses or stops, by its own words; "" where nothing is known. Source: 1.29.0 */

/** A node would compute on the CPU; the provider cannot capture. */
const LEFT_TO_CPU = /fallback to CPU EP has been explicitly disabled/;
const NOT_CAPTURED = /graph capture|CUDA [Gg]raph/;
/** Of arenas, and of CUDA itself. */
const NO_MEMORY =
  /smaller than requested bytes|Failed to allocate memory for requested buffer|out of memory|ALLOC_FAILED/;
/** CUDA, cuDNN or cuBLAS. After most of these errors the process gets no more work done on the GPU. */
const GPU_FAILED = /\b(CUDA|CUDNN|CUDNN_FE|CUBLAS|CURAND) failure \d+/;

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : "");

/** Where a model is refused. */
export function remedyForModel(error: unknown): string {
  const words = wordsOf(error);
  if (LEFT_TO_CPU.test(words))
    return "; it has operators without a kernel of CUDA's: build it for cuda, or choose --ep cpu";
  return NOT_CAPTURED.test(words) ? "; open the device without captureGraph" : remedyForRun(error);
}

/** Where a run stops, or memory is not given. */
export function remedyForRun(error: unknown): string {
  const words = wordsOf(error);
  if (NO_MEMORY.test(words))
    return "; there is not enough memory: choose a smaller batch, or raise the limit if one was set";
  if (GPU_FAILED.test(words))
    return "; the GPU takes no more work of this process: start it again, which --resume lets go on from a checkpoint";
  return "";
}
