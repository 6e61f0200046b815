/** @file What ONNX Runtime says when it refuses. */

/** By their numbers. Source: OrtErrorCode of onnxruntime_error_code.h, 1.29.0 */
const CODES = [
  "OK",
  "FAIL",
  "INVALID_ARGUMENT",
  "NO_SUCHFILE",
  "NO_MODEL",
  "ENGINE_ERROR",
  "RUNTIME_EXCEPTION",
  "INVALID_PROTOBUF",
  "MODEL_LOADED",
  "NOT_IMPLEMENTED",
  "INVALID_GRAPH",
  "EP_FAIL",
  "MODEL_LOAD_CANCELED",
  "MODEL_REQUIRES_COMPILATION",
  "NOT_FOUND",
  "DEVICE_RESET",
] as const;

export const ortCodeName = (code: number): string => `ORT_${CODES[code] ?? code}`;

/** The runtime's own words, and the name of its code. Whoever knows what was done makes a ProviderError of it. */
export class OrtError extends Error {
  constructor(
    words: string,
    /** Such as "ORT_INVALID_ARGUMENT". */
    readonly ortCode: string,
  ) {
    super(`${words.trim()} (${ortCode})`);
    this.name = "OrtError";
  }
}
