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
import { checkNames, type HostTensor, type Session, type SessionOptions } from "./session.js";

/** Providers that this door opens: what is in the npm package of every platform. */
const OPEN: readonly ExecutionProvider[] = ["cpu", "webgpu"];

/** Only errors: the runtime would write its warnings to stderr, between the lines of the progress bar. */
const LOG_ERRORS = 3;

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
  const ort = await loadOrt();
  try {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [ep],
      intraOpNumThreads: options.threads ?? availableParallelism(),
      logSeverityLevel: LOG_ERRORS,
      // Waiting threads sleep: spinning ones would take the processors from the threads that prepare pictures.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
    return new NodeSession(ort, session, where, ep);
  } catch (error) {
    const remedy =
      ep === "cpu" ? "" : `; onnx-instdisc doctor says what ${ep} lacks here, or choose --ep cpu`;
    throw refusal(where, "does not load the model", error, remedy);
  }
}

function refusal(where: string, what: string, error: unknown, remedy = ""): ProviderError {
  const words = error instanceof Error ? error.message.trim() : String(error);
  return new ProviderError(`${where}: ONNX Runtime ${what}: ${words}${remedy}`, { cause: error });
}

class NodeSession implements Session {
  readonly ep: ExecutionProvider;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #where: string;
  /** A state tensor is fed every other step: its runtime tensor is made once. */
  readonly #tensors = new WeakMap<HostTensor, Tensor>();

  constructor(ort: Ort, session: InferenceSession, where: string, ep: ExecutionProvider) {
    this.#ort = ort;
    this.#session = session;
    this.#where = where;
    this.ep = ep;
    this.inputs = session.inputNames;
    this.outputs = session.outputNames;
  }

  async run(feeds: ReadonlyMap<string, HostTensor>, into: ReadonlyMap<string, HostTensor>): Promise<void> {
    checkNames(this.#where, this, feeds, into);
    try {
      await this.#session.run(this.#tensorsOf(feeds), this.#tensorsOf(into));
    } catch (error) {
      throw refusal(this.#where, "stopped", error);
    }
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #tensorsOf(tensors: ReadonlyMap<string, HostTensor>): Record<string, Tensor> {
    return Object.fromEntries([...tensors].map(([name, tensor]) => [name, this.#tensorOf(tensor)]));
  }

  #tensorOf(tensor: HostTensor): Tensor {
    let made = this.#tensors.get(tensor);
    if (made === undefined) {
      made = this.#make(tensor);
      this.#tensors.set(tensor, made);
    }
    return made;
  }
  #make({ dtype, data, shape }: HostTensor): Tensor {
    switch (dtype) {
      case "float32":
        return new this.#ort.Tensor("float32", data, shape);
      case "int64":
        return new this.#ort.Tensor("int64", data, shape);
      case "uint8":
        return new this.#ort.Tensor("uint8", data, shape);
    }
  }
}
