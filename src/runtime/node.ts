/**
 * @file The door to onnxruntime-node, beside which only nodeGpu.ts imports it.
 *
 * The binding copies every output into a fresh tensor, but fills the arrays it was given first: those are read,
 * the copies are dropped. run() blocks its thread, so long-lived sessions belong into a worker.
 */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { ProviderError } from "../errors.js";
import type { ExecutionProvider } from "../ir/executionProvider.js";
import {
  refusal,
  sessionOver,
  type DeclaredTensor,
  type HostTensor,
  type Session,
  type SessionOptions,
  type TracedSession,
} from "./session.js";

/** Providers that this door opens: what is in the npm package of every platform. */
const OPEN: readonly ExecutionProvider[] = ["cpu", "webgpu"];

/** Only errors: the runtime would write its warnings to stderr, between the lines of the progress bar. */
const LOG_ERRORS = 3;

/** As messages call the runtime. */
export const LIBRARY = "ONNX Runtime";
/**
 * Of every session, under the runtime's names. Waiting threads sleep: spinning ones would take the processors from the
 * threads that prepare pictures.
 */
export const SESSION_OPTIONS: Readonly<Record<string, string>> = { "session.intra_op.allow_spinning": "0" };

export type Ort = typeof import("onnxruntime-node");

/** Telemetry is switched off before the library loads; it writes log files otherwise. */
async function loadOrt(): Promise<Ort> {
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
  const { default: ort } = (await import("onnxruntime-node")) as unknown as { default: Ort };
  return ort;
}

/** Of the runtime's library. */
export async function runtimeVersion(): Promise<string> {
  return (await loadOrt()).env.versions.node ?? "unknown";
}

/**
 * Loads a model.
 * @param where names the model in messages
 * @throws ProviderError when the provider is not there or the runtime refuses the model
 */
export async function openSession(
  model: Uint8Array,
  where: string,
  options: SessionOptions,
): Promise<Session> {
  const { ort, session } = await loadModel(model, where, options);
  return sessionOver(session, options.ep, { where, library: LIBRARY }, runInto(ort, session));
}

/**
 * Loads a model for measuring. The record of its kernels lies in a temporary folder until close().
 * @throws ProviderError as openSession
 */
export async function openTracedSession(
  model: Uint8Array,
  where: string,
  options: SessionOptions,
): Promise<TracedSession> {
  const folder = await mkdtemp(join(tmpdir(), "instdisc-trace-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const traced = { enableProfiling: true, profileFilePrefix: join(folder, "trace") };
    const { ort, session } = await loadModel(model, where, options, traced);
    const over = sessionOver(session, options.ep, { where, library: LIBRARY }, runInto(ort, session));
    return {
      ...over,
      declaredInputs: session.inputMetadata.flatMap(declared),
      declaredOutputs: session.outputMetadata.flatMap(declared),
      async endTrace() {
        session.endProfiling();
        const [name = "trace"] = await readdir(folder);
        return readFile(join(folder, name), "utf8");
      },
      close: () => over.close().finally(remove),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** None for what is no tensor, such as a list of tensors. */
function declared(value: InferenceSession.ValueMetadata): DeclaredTensor[] {
  return value.isTensor ? [{ name: value.name, dtype: value.type, shape: value.shape }] : [];
}

/** @throws ProviderError as openSession */
export async function loadModel(
  model: Uint8Array,
  where: string,
  { ep, threads }: SessionOptions,
  more: InferenceSession.SessionOptions = {},
): Promise<{ ort: Ort; session: InferenceSession }> {
  if (!OPEN.includes(ep)) {
    throw new ProviderError(
      `${where}: execution provider ${ep} is not available here, expected ${OPEN.join(", ")}; choose --ep cpu`,
    );
  }
  const ort = await loadOrt();
  try {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [ep],
      intraOpNumThreads: threads ?? availableParallelism(),
      logSeverityLevel: LOG_ERRORS,
      // Planned memory is one block as large as the plan: a training step takes half as much again, and no less time.
      enableMemPattern: false,
      extra: SESSION_OPTIONS,
      ...more,
    });
    return { ort, session };
  } catch (error) {
    const remedy =
      ep === "cpu" ? "" : `; onnx-instdisc doctor says what ${ep} lacks here, or choose --ep cpu`;
    throw refusal({ where, library: LIBRARY }, "does not load the model", error, remedy);
  }
}

function runInto(ort: Ort, session: InferenceSession): Session["run"] {
  // A state tensor is fed every other step: its runtime tensor is made once.
  const made = new WeakMap<HostTensor, Tensor>();
  const tensorOf = (tensor: HostTensor): Tensor => {
    const { dtype, data, shape } = tensor;
    const known = made.get(tensor) ?? new ort.Tensor(dtype, data, shape);
    made.set(tensor, known);
    return known;
  };
  const tensorsOf = (tensors: ReadonlyMap<string, HostTensor>) =>
    Object.fromEntries([...tensors].map(([name, tensor]) => [name, tensorOf(tensor)]));
  return async (feeds, into) => {
    await session.run(tensorsOf(feeds), tensorsOf(into));
  };
}
