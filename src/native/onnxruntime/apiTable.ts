/**
 * @file Where functions of ONNX Runtime's C API lie in its table, and what they take. A table only ever grows at its
 * end, so that the places hold for every library that gives one of this version.
 * Source: struct OrtApi of onnxruntime_c_api.h, 1.29.0
 */

/** What the library is asked for: the table as 1.29 has it. */
export const API_VERSION = 29;

/**
 * What a function takes: pointer: an address, or an array whose memory is meant, such as a place for a result; text:
 * UTF-8; texts: a list of them; size: a count of bytes or things.
 */
export type Taken = "pointer" | "text" | "texts" | "int" | "size";

interface Signature {
  /** Place in the table, in pointers. */
  readonly at: number;
  readonly takes: readonly Taken[];
  /** status: nothing where it went well. */
  readonly gives: "status" | "text" | "int" | "nothing";
}

const gives =
  <const G extends Signature["gives"]>(what: G) =>
  <const T extends readonly Taken[]>(at: number, ...takes: T) => ({ at, takes, gives: what });

const status = gives("status");
const text = gives("text");
const int = gives("int");
const nothing = gives("nothing");
const release = (at: number) => nothing(at, "pointer");

export const API_TABLE = {
  GetErrorCode: int(1, "pointer"),
  GetErrorMessage: text(2, "pointer"),
  CreateEnv: status(3, "int", "text", "pointer"),
  DisableTelemetryEvents: status(6, "pointer"),
  CreateSessionFromArray: status(8, "pointer", "pointer", "size", "pointer", "pointer"),
  CreateSessionOptions: status(10, "pointer"),
  DisableMemPattern: status(17, "pointer"),
  SetSessionLogSeverityLevel: status(22, "pointer", "int"),
  SetIntraOpNumThreads: status(24, "pointer", "int"),
  SessionGetInputCount: status(30, "pointer", "pointer"),
  SessionGetOutputCount: status(31, "pointer", "pointer"),
  SessionGetInputTypeInfo: status(33, "pointer", "size", "pointer"),
  SessionGetOutputTypeInfo: status(34, "pointer", "size", "pointer"),
  SessionGetInputName: status(36, "pointer", "size", "pointer", "pointer"),
  SessionGetOutputName: status(37, "pointer", "size", "pointer", "pointer"),
  CreateRunOptions: status(39, "pointer"),
  RunOptionsSetTerminate: status(46, "pointer"),
  CreateTensorAsOrtValue: status(48, "pointer", "pointer", "size", "int", "pointer"),
  CreateTensorWithDataAsOrtValue: status(
    49,
    "pointer",
    "pointer",
    "size",
    "pointer",
    "size",
    "int",
    "pointer",
  ),
  GetTensorMutableData: status(51, "pointer", "pointer"),
  CastTypeInfoToTensorInfo: status(55, "pointer", "pointer"),
  GetTensorElementType: status(60, "pointer", "pointer"),
  GetDimensionsCount: status(61, "pointer", "pointer"),
  GetDimensions: status(62, "pointer", "pointer", "size"),
  GetSymbolicDimensions: status(63, "pointer", "pointer", "size"),
  CreateMemoryInfo: status(68, "text", "int", "int", "int", "pointer"),
  AllocatorFree: status(76, "pointer", "pointer"),
  GetAllocatorWithDefaultOptions: status(78, "pointer"),
  ReleaseEnv: release(92),
  ReleaseStatus: release(93),
  ReleaseMemoryInfo: release(94),
  ReleaseSession: release(95),
  ReleaseValue: release(96),
  ReleaseRunOptions: release(97),
  ReleaseTypeInfo: release(98),
  ReleaseSessionOptions: release(100),
  AddSessionConfigEntry: status(130, "pointer", "text", "text"),
  CreateAllocator: status(131, "pointer", "pointer", "pointer"),
  ReleaseAllocator: release(132),
  RunWithBinding: status(133, "pointer", "pointer", "pointer"),
  CreateIoBinding: status(134, "pointer", "pointer"),
  ReleaseIoBinding: release(135),
  BindInput: status(136, "pointer", "text", "pointer"),
  BindOutput: status(137, "pointer", "text", "pointer"),
  BindOutputToDevice: status(138, "pointer", "text", "pointer"),
  AddRunConfigEntry: status(165, "pointer", "text", "text"),
  SessionOptionsAppendExecutionProvider_CUDA_V2: status(204, "pointer", "pointer"),
  CreateCUDAProviderOptions: status(205, "pointer"),
  UpdateCUDAProviderOptions: status(206, "pointer", "texts", "texts", "size"),
  ReleaseCUDAProviderOptions: release(208),
  GetBuildInfoString: text(254),
  SessionReleaseCapturedGraph: status(421, "pointer", "int"),
} as const satisfies Readonly<Record<string, Signature>>;
