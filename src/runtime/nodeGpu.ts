/**
 * @file A GPU in Node: tensors in the memory of onnxruntime-node's WebGPU provider. The binding can neither make a buffer nor
 * read one (getData() ends the process), so both are left to sessions of a model that copies: one whose result stays in
 * a new buffer, and one that copies between buffers and arrays. They copy 32-bit words, whatever a tensor is of: the
 * provider has no kernel for int64 and few for uint8.
 */

import type { InferenceSession, Tensor } from "onnxruntime-node";
import { ProviderError } from "../errors.js";
import { showShape } from "../ir/shape.js";
import { isOnDevice, type AnyTensor, type Device, type DeviceSession, type DeviceTensor } from "./device.js";
import { checkCopy, copyModel, gone, isLost, wordCount } from "./deviceCopies.js";
import { LIBRARY, loadModel, SESSION_OPTIONS, type Ort } from "./node.js";
import { refusal, sessionOver, type HostTensor } from "./session.js";

const WHERE = "webgpu device";
/** A node that the provider lacks is an error: it would run on the CPU, and its tensors travel, without a word. */
const NO_FALLBACK = { extra: { ...SESSION_OPTIONS, "session.disable_cpu_ep_fallback": "1" } } as const;

const remedyFor = (words: string): string =>
  isLost(words) ? "; the GPU or its driver was reset: start again, or choose --ep cpu" : "";

/** One buffer, seen as what it holds and as words. The buffer lives as long as `owner`. */
interface Held {
  readonly owner: Tensor;
  readonly words: Tensor;
  readonly view: Tensor;
}

/** @throws ProviderError when there is no adapter */
export async function openNodeGpuDevice(): Promise<Device> {
  const model = copyModel();
  const placing = { ...NO_FALLBACK, preferredOutputLocation: "gpu-buffer" } as const;
  const { ort, session: place } = await loadModel(model, WHERE, { ep: "webgpu" }, placing);
  const { session: copy } = await loadModel(model, WHERE, { ep: "webgpu" }, NO_FALLBACK);
  return new NodeGpuDevice(ort, place, copy);
}

class NodeGpuDevice implements Device {
  readonly ep = "webgpu";
  readonly #ort: Ort;
  readonly #place: InferenceSession;
  readonly #copy: InferenceSession;
  readonly #held = new Map<unknown, Held>();
  readonly #sessions = new Set<InferenceSession>();
  /** The runtime's own tensors of host arrays that are fed again and again. */
  readonly #made = new WeakMap<HostTensor, Tensor>();
  #isOpen = true;

  constructor(ort: Ort, place: InferenceSession, copy: InferenceSession) {
    this.#ort = ort;
    this.#place = place;
    this.#copy = copy;
  }

  async openSession(model: Uint8Array, where: string): Promise<DeviceSession> {
    this.#checkOpen();
    const { session } = await loadModel(model, where, { ep: this.ep }, NO_FALLBACK);
    this.#sessions.add(session);
    const release = async () => {
      if (this.#sessions.delete(session)) await session.release();
    };
    const { inputNames, outputNames } = session;
    return sessionOver<AnyTensor>(
      { inputNames, outputNames, release },
      this.ep,
      { where, library: LIBRARY },
      async (feeds, into) => {
        this.#checkOpen();
        await session.run(this.#tensors(feeds), this.#tensors(into));
      },
      remedyFor,
    );
  }

  async allocate(dtype: HostTensor["dtype"], shape: readonly number[]): Promise<DeviceTensor> {
    this.#checkOpen();
    const words = [wordCount({ dtype, shape })];
    const wanted = `${dtype} ${showShape(shape)}, ${4 * words[0]!} bytes`;
    const made = await this.#asProvider(`has no room for ${wanted}`, "; choose a smaller one", () =>
      this.#place.run({ from: this.#host(new Int32Array(words[0]!)) }),
    );
    const owner = made["to"]!;
    const { gpuBuffer } = owner;
    const as = (dataType: "int32" | HostTensor["dtype"], dims: readonly number[]) =>
      this.#ort.Tensor.fromGpuBuffer(gpuBuffer, { dataType, dims });
    const handle = Symbol("buffer");
    this.#held.set(handle, { owner, words: as("int32", words), view: as(dtype, shape) });
    return { dtype, shape, handle };
  }

  async upload(from: HostTensor, into: DeviceTensor): Promise<void> {
    checkCopy(from, into, `${WHERE}: upload`);
    const held = this.#find(into);
    const words = wordsOf(from) ?? paddedWords(from);
    await this.#copyWords(this.#host(words), held.words);
  }

  async download(from: DeviceTensor, into: HostTensor): Promise<void> {
    checkCopy(from, into, `${WHERE}: download`);
    const held = this.#find(from);
    const whole = wordsOf(into);
    const words = whole ?? new Int32Array(wordCount(into));
    await this.#copyWords(held.words, this.#host(words));
    if (whole === null) bytesOf(into).set(new Uint8Array(words.buffer, 0, into.data.byteLength));
  }

  release(tensor: DeviceTensor): void {
    const held = this.#held.get(tensor.handle);
    this.#held.delete(tensor.handle);
    held?.owner.dispose();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const { owner } of this.#held.values()) owner.dispose();
    this.#held.clear();
    const sessions = [...this.#sessions, this.#place, this.#copy];
    this.#sessions.clear();
    for (const session of sessions) await session.release();
  }

  #host(words: Int32Array): Tensor {
    return new this.#ort.Tensor("int32", words, [words.length]);
  }

  async #copyWords(from: Tensor, to: Tensor): Promise<void> {
    await this.#asProvider("does not copy", "", () => this.#copy.run({ from }, { to }));
  }

  /** @param remedy unless the GPU is lost */
  async #asProvider<T>(what: string, remedy: string, act: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    try {
      return await act();
    } catch (error) {
      throw refusal({ where: WHERE, library: LIBRARY }, what, error, remedyFor(String(error)) || remedy);
    }
  }

  #tensors(tensors: ReadonlyMap<string, AnyTensor>): Record<string, Tensor> {
    const entries = [...tensors].map(([name, tensor]): [string, Tensor] => [
      name,
      isOnDevice(tensor) ? this.#find(tensor).view : this.#hostTensor(tensor),
    ]);
    return Object.fromEntries(entries);
  }

  #hostTensor(tensor: HostTensor): Tensor {
    const { dtype, data, shape } = tensor;
    const known = this.#made.get(tensor) ?? new this.#ort.Tensor(dtype, data, shape);
    this.#made.set(tensor, known);
    return known;
  }

  #find({ handle, dtype, shape }: DeviceTensor): Held {
    const held = this.#held.get(handle);
    if (held === undefined) throw gone(WHERE, `the ${dtype} tensor [${shape.join(", ")}] is not there`);
    return held;
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new ProviderError(`${WHERE}: was closed, expected it open; open another`);
  }
}

const bytesOf = ({ data }: HostTensor): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The array itself as words; null where it does not consist of whole ones. */
function wordsOf({ data: { buffer, byteOffset, byteLength } }: HostTensor): Int32Array | null {
  if (byteOffset % 4 !== 0 || byteLength % 4 !== 0 || byteLength === 0) return null;
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

function paddedWords(tensor: HostTensor): Int32Array {
  const words = new Int32Array(wordCount(tensor));
  new Uint8Array(words.buffer).set(bytesOf(tensor));
  return words;
}
