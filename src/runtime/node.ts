/**
 * @file The door to onnxruntime-node. Nothing else imports it.
 *
 * The binding copies every output into a fresh tensor, but fills the arrays it was given first: those are read,
 * the copies are dropped. run() blocks its thread, so long-lived sessions belong into a worker.
 */

import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { ProviderError } from "../errors.js";
import type { ExecutionProvider } from "../ir/executionProvider.js";
import { refusal, sessionOver, type HostTensor, type Session, type SessionOptions } from "./session.js";

/** Providers that this door opens: what is in the npm package of every platform. */
const OPEN: readonly ExecutionProvider[] = ["cpu", "webgpu"];

/** Only errors: the runtime would write its warnings to stderr, between the lines of the progress bar. */
const LOG_ERRORS = 3;

/**
 * Of every session, under the runtime's names. Waiting threads sleep: spinning ones would take the processors from the
 * threads that prepare pictures.
 */
export const SESSION_OPTIONS: Readonly<Record<string, string>> = { "session.intra_op.allow_spinning": "0" };

type Ort = typeof import("onnxruntime-node");

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
  const { ep } = options;
  if (!OPEN.includes(ep)) {
    throw new ProviderError(
      `${where}: execution provider ${ep} is not available here, expected ${OPEN.join(", ")}; choose --ep cpu`,
    );
  }
  const of = { where, library: "ONNX Runtime" };
  const ort = await loadOrt();
  try {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [ep],
      intraOpNumThreads: options.threads ?? availableParallelism(),
      logSeverityLevel: LOG_ERRORS,
      extra: SESSION_OPTIONS,
    });
    return sessionOver(session, ep, of, runInto(ort, session));
  } catch (error) {
    const remedy =
      ep === "cpu" ? "" : `; onnx-instdisc doctor says what ${ep} lacks here, or choose --ep cpu`;
    throw refusal(of, "does not load the model", error, remedy);
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
