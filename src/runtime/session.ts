/** @file What the rest of the house knows of a runtime: a loaded model that reads and writes given arrays. */

import { ProviderError } from "../errors.js";
import type { ExecutionProvider } from "../ir/executionProvider.js";

export interface FloatTensor {
  readonly dtype: "float32";
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

export interface Int64Tensor {
  readonly dtype: "int64";
  readonly shape: readonly number[];
  readonly data: BigInt64Array<ArrayBuffer>;
}

export interface Uint8Tensor {
  readonly dtype: "uint8";
  readonly shape: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A tensor in host memory, row-major. */
export type HostTensor = FloatTensor | Int64Tensor | Uint8Tensor;

export interface SessionOptions {
  readonly ep: ExecutionProvider;
  /** Threads that compute one operator; default: as many as the machine has processors. */
  readonly threads?: number;
}

export interface Session {
  readonly ep: ExecutionProvider;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Runs the model. Results are written into the arrays of `into`, which must have the shapes of the outputs;
   * outputs that `into` does not name are computed and dropped.
   * @throws ProviderError with the runtime's own words
   */
  run(feeds: ReadonlyMap<string, HostTensor>, into: ReadonlyMap<string, HostTensor>): Promise<void>;
  close(): Promise<void>;
}

/** An input or output as the model declares it; a dimension that is no number is known only when it runs. */
export interface DeclaredTensor {
  readonly name: string;
  /** As the runtime names it: "float32". */
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** A session that keeps a record of every kernel it runs. */
export interface TracedSession extends Session {
  readonly declaredInputs: readonly DeclaredTensor[];
  readonly declaredOutputs: readonly DeclaredTensor[];
  /** Ends the record, which can be done once. @returns the runtime's JSON: a list of Chrome trace events */
  endTrace(): Promise<string>;
}

export function floats(shape: readonly number[], data?: Float32Array<ArrayBuffer>): FloatTensor {
  return { dtype: "float32", shape, data: data ?? new Float32Array(shape.reduce((a, b) => a * b, 1)) };
}

export function int64s(shape: readonly number[]): Int64Tensor {
  return { dtype: "int64", shape, data: new BigInt64Array(shape.reduce((a, b) => a * b, 1)) };
}

/** @throws ProviderError when an input is not fed, or `into` has what is no output */
function checkNames(
  where: string,
  { inputs, outputs }: Pick<Session, "inputs" | "outputs">,
  feeds: ReadonlyMap<string, unknown>,
  into: ReadonlyMap<string, unknown>,
): void {
  const missing = inputs.filter((name) => !feeds.has(name));
  const unknown = [...into.keys()].filter((name) => !outputs.includes(name));
  if (missing.length === 0 && unknown.length === 0) return;
  throw new ProviderError(
    `${where}: inputs missing: ${missing.join(", ") || "none"}; outputs unknown: ${unknown.join(", ") || "none"}`,
  );
}

/** A model that a runtime's library has loaded. */
interface Opened {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  release(): Promise<void>;
}

/** Whose session it is, for messages. */
export interface SessionOf {
  /** Names the model. */
  readonly where: string;
  /** As a person calls the runtime. */
  readonly library: string;
}

/** A session whose tensors are where its provider keeps them. */
interface SessionOn<T> extends Omit<Session, "run"> {
  run(feeds: ReadonlyMap<string, T>, into: ReadonlyMap<string, T>): Promise<void>;
}

/**
 * @param compute what run() does; what it throws becomes a ProviderError
 * @param remedyFor what to do where the runtime says such words
 */
export function sessionOver<T = HostTensor>(
  opened: Opened,
  ep: ExecutionProvider,
  of: SessionOf,
  compute: SessionOn<T>["run"],
  remedyFor: (words: string) => string = () => "",
): SessionOn<T> {
  const names = { inputs: opened.inputNames, outputs: opened.outputNames };
  return {
    ep,
    ...names,
    async run(feeds, into) {
      checkNames(of.where, names, feeds, into);
      await compute(feeds, into).catch((error: unknown) => {
        throw error instanceof ProviderError
          ? error
          : refusal(of, "stopped", error, remedyFor(String(error)));
      });
    },
    close: () => opened.release(),
  };
}

/** @param what the library did, such as "stopped" */
export function refusal(
  { where, library }: SessionOf,
  what: string,
  error: unknown,
  remedy = "",
): ProviderError {
  const words = error instanceof Error ? error.message.trim() : String(error);
  return new ProviderError(`${where}: ${library} ${what}: ${words}${remedy}`, { cause: error });
}
