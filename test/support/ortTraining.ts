/**
 * @file The last ONNX Runtime with training, onnxruntime-web 1.19.2, opened in Node. Its package does not offer the
 * training build to Node, so it is imported by path; what is used of it is declared here.
 */

import { createRequire } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { ORT_TRAINING_FILES } from "../../src/build/ortTraining/buildOrtTraining.js";
import type { HostTensor } from "../../src/runtime/session.js";

/** Errors only: the kernel of SGDOptimizerV2 contradicts its own schema about the shape of its flag, and warns each time. */
const LOG_ERRORS = { logSeverityLevel: 3 };

interface OrtTensor {
  readonly data: Float32Array | BigInt64Array | Uint8Array;
  readonly dims: readonly number[];
}
type OrtTensors = Readonly<Record<string, OrtTensor>>;

interface OrtSession {
  readonly trainingInputNames: readonly string[];
  readonly trainingOutputNames: readonly string[];
  readonly evalInputNames: readonly string[];
  readonly evalOutputNames: readonly string[];
  runTrainStep(feeds: OrtTensors, options: object): Promise<OrtTensors>;
  runOptimizerStep(options: object): Promise<void>;
  lazyResetGrad(): Promise<void>;
  runEvalStep(feeds: OrtTensors, options: object): Promise<OrtTensors>;
  getContiguousParameters(trainableOnly: boolean): Promise<OrtTensor>;
  release(): Promise<void>;
}

interface Ort {
  readonly env: { logLevel: string; readonly wasm: { wasmPaths: string; numThreads: number } };
  readonly Tensor: new (
    dtype: string,
    data: Float32Array | BigInt64Array | Uint8Array,
    shape: readonly number[],
  ) => OrtTensor;
  readonly TrainingSession: {
    create(files: Readonly<Record<string, Uint8Array>>, options: object): Promise<OrtSession>;
  };
}

/** Its library puts a Worker of its own among the globals, which one thread does not need. */
async function withoutGlobalWorker<T>(action: () => Promise<T>): Promise<T> {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  try {
    return await action();
  } finally {
    if (descriptor === undefined) Reflect.deleteProperty(globalThis, "Worker");
  }
}

async function loadOrt(): Promise<Ort> {
  const folder = dirname(createRequire(import.meta.url).resolve("onnxruntime-web-training"));
  const url = pathToFileURL(`${folder}/`).href;
  const ort = (await import(`${url}ort.training.wasm.mjs`)) as Ort;
  ort.env.logLevel = "error";
  ort.env.wasm.wasmPaths = url;
  ort.env.wasm.numThreads = 1;
  return ort;
}

export type HostTensors = ReadonlyMap<string, HostTensor>;

/** What a step or an evaluation gives: numbers by output name. */
export type Numbers = ReadonlyMap<string, Float32Array>;

/** The official TrainingSession, in the tensors that this house uses. */
export class OfficialSession {
  readonly #ort: Ort;
  readonly #session: OrtSession;

  private constructor(ort: Ort, session: OrtSession) {
    this.#ort = ort;
    this.#session = session;
  }

  /** @throws Error in the runtime's words when one of the four files is not what it expects */
  static async open(files: ReadonlyMap<string, Uint8Array>): Promise<OfficialSession> {
    const ort = await loadOrt();
    const sources = {
      checkpointState: files.get(ORT_TRAINING_FILES.checkpoint)!,
      trainModel: files.get(ORT_TRAINING_FILES.training)!,
      evalModel: files.get(ORT_TRAINING_FILES.eval)!,
      optimizerModel: files.get(ORT_TRAINING_FILES.optimizer)!,
    };
    const session = await withoutGlobalWorker(() => ort.TrainingSession.create(sources, LOG_ERRORS));
    return new OfficialSession(ort, session);
  }

  /** What the session sees as the user's. */
  get names() {
    const { trainingInputNames, trainingOutputNames, evalInputNames, evalOutputNames } = this.#session;
    return { trainingInputNames, trainingOutputNames, evalInputNames, evalOutputNames };
  }

  /** Forward, backward, optimizer; the gradients are then forgotten. */
  async train(feeds: HostTensors): Promise<Numbers> {
    const fetched = await this.accumulate(feeds);
    await this.#session.runOptimizerStep(LOG_ERRORS);
    await this.#session.lazyResetGrad();
    return fetched;
  }

  /** Forward and backward: gradients add up until the next `train`. */
  async accumulate(feeds: HostTensors): Promise<Numbers> {
    return numbersOf(await this.#session.runTrainStep(this.#feeds(feeds), LOG_ERRORS));
  }

  async evaluate(feeds: HostTensors): Promise<Numbers> {
    return numbersOf(await this.#session.runEvalStep(this.#feeds(feeds), LOG_ERRORS));
  }

  /** Trainable parameters, then statistics, each in the order of the model's inputs. */
  async parameters(): Promise<Float32Array> {
    return (await this.#session.getContiguousParameters(false)).data as Float32Array;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #feeds(feeds: HostTensors): OrtTensors {
    const entries = [...feeds].map(([name, { dtype, data, shape }]) => [
      name,
      new this.#ort.Tensor(dtype, data, shape),
    ]);
    return Object.fromEntries(entries) as OrtTensors;
  }
}

function numbersOf(fetched: OrtTensors): Numbers {
  return new Map(Object.entries(fetched).map(([name, { data }]) => [name, data as Float32Array]));
}
