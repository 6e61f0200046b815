/**
 * @file A GPU in a browser: tensors in buffers of our own, on the device that onnxruntime-web's WebGPU provider computes
 * on. Beside web.ts, only this file imports the library.
 */

import type { InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import { ProviderError } from "../errors.js";
import { isOnDevice, type AnyTensor, type Device, type DeviceSession, type DeviceTensor } from "./device.js";
import { checkCopy, copyModel, gone, isLost, wordCount } from "./deviceCopies.js";
import { refusal, sessionOver, type HostTensor } from "./session.js";
import { copyResult, loadOrt, WEB_LIBRARY, type Ort, type WebFiles } from "./web.js";

/** Of the browser's interface, what is used here. */
interface GpuBuffer {
  readonly size: number;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

interface Gpu {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, at: number, data: Uint8Array<ArrayBuffer>): void;
    submit(commands: readonly unknown[]): void;
  };
  createBuffer(of: { readonly size: number; readonly usage: number }): GpuBuffer;
  createCommandEncoder(): {
    copyBufferToBuffer(from: GpuBuffer, at: number, to: GpuBuffer, toAt: number, size: number): void;
    finish(): unknown;
  };
  pushErrorScope(filter: "out-of-memory" | "validation"): void;
  popErrorScope(): Promise<{ readonly message: string } | null>;
}

/** Flags of the specification, under its names. */
const MAP_READ = 1;
const COPY_SRC = 4;
const COPY_DST = 8;
const STORAGE = 128;
const READ_MODE = 1;

/** The runtime's kernels read four words at once, beyond the last number too: of a shorter buffer they get others. */
const KERNEL_BYTES = 16;

const WHERE = "webgpu device";
/** A node that the provider lacks is an error: it would run on the CPU, and its tensors travel, without a word. */
const NO_FALLBACK = { session: { disable_cpu_ep_fallback: "1" } };

/** What goes wrong is thrown; the console need not have it too. */
const LOG_NOTHING = 4;

const remedyFor = (words: string): string => {
  if (isLost(words)) return "; the GPU or its driver was reset: reload the page, or choose the CPU (wasm)";
  return /adapter|not supported in current environment/i.test(words)
    ? "; this browser gives no GPU to pages: allow WebGPU in it, or choose the CPU (wasm)"
    : "";
};

/** @param words of the browser, such as the reason */
function lost(words: string): ProviderError {
  const found = `the device was lost: ${words}`;
  return new ProviderError(`${WHERE}: ${found}${remedyFor(found)}`);
}

/** @throws ProviderError when the browser has no WebGPU or gives no adapter */
export async function openWebGpuDevice(files: WebFiles): Promise<Device> {
  const ort = await loadOrt("webgpu", files);
  // The library makes its device with its first session.
  const first = await openOn(ort, copyModel(), WHERE);
  const gpu: unknown = await ort.env.webgpu.device;
  return new WebGpuDevice(ort, gpu as Gpu, first);
}

async function openOn(ort: Ort, model: Uint8Array, where: string): Promise<InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: ["webgpu"],
      logSeverityLevel: LOG_NOTHING,
      extra: NO_FALLBACK,
    });
  } catch (error) {
    const of = { where, library: WEB_LIBRARY };
    throw refusal(of, "does not load the model", error, remedyFor(String(error)));
  }
}

class WebGpuDevice implements Device {
  readonly ep = "webgpu";
  readonly #ort: Ort;
  readonly #gpu: Gpu;
  readonly #buffers = new Map<unknown, GpuBuffer>();
  readonly #sessions = new Set<InferenceSession>();
  /** Never fulfilled; rejected when the GPU is gone, for runs that would wait for it for ever. */
  readonly #lost: Promise<never>;
  #isOpen = true;

  constructor(ort: Ort, gpu: Gpu, first: InferenceSession) {
    this.#ort = ort;
    this.#gpu = gpu;
    this.#sessions.add(first);
    this.#lost = gpu.lost.then(({ reason, message }) => {
      throw lost(message || reason);
    });
    // Who waits for the device is told; nobody else has to hear of it.
    this.#lost.catch(() => undefined);
  }

  async openSession(model: Uint8Array, where: string): Promise<DeviceSession> {
    this.#checkOpen();
    const session = await this.#untilLost(openOn(this.#ort, model, where));
    this.#sessions.add(session);
    const release = async () => {
      if (this.#sessions.delete(session)) await session.release();
    };
    const { inputNames, outputNames } = session;
    return sessionOver<AnyTensor>(
      { inputNames, outputNames, release },
      this.ep,
      { where, library: WEB_LIBRARY },
      (feeds, into) => this.#run(session, where, feeds, into),
      remedyFor,
    );
  }

  async allocate(dtype: HostTensor["dtype"], shape: readonly number[]): Promise<DeviceTensor> {
    this.#checkOpen();
    const size = KERNEL_BYTES * Math.ceil((4 * wordCount({ dtype, shape })) / KERNEL_BYTES);
    this.#gpu.pushErrorScope("out-of-memory");
    this.#gpu.pushErrorScope("validation");
    const buffer = this.#gpu.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
    const faults = [await this.#gpu.popErrorScope(), await this.#gpu.popErrorScope()];
    const fault = faults.find((one) => one !== null);
    if (fault) {
      buffer.destroy();
      const wanted = `${dtype} [${shape.join(", ")}], ${size} bytes`;
      throw new ProviderError(`${WHERE}: has no room for ${wanted}: ${fault.message}; choose a smaller one`);
    }
    const handle = Symbol("buffer");
    this.#buffers.set(handle, buffer);
    return { dtype, shape, handle };
  }

  async upload(from: HostTensor, into: DeviceTensor): Promise<void> {
    checkCopy(from, into, `${WHERE}: upload`);
    this.#checkOpen();
    const { buffer, byteOffset, byteLength } = from.data;
    const target = this.#find(into);
    // Whole words only.
    const whole = byteLength - (byteLength % 4);
    this.#gpu.queue.writeBuffer(target, 0, new Uint8Array(buffer, byteOffset, whole));
    if (whole < byteLength) {
      const rest = new Uint8Array(4);
      rest.set(new Uint8Array(buffer, byteOffset + whole, byteLength - whole));
      this.#gpu.queue.writeBuffer(target, whole, rest);
    }
    return Promise.resolve();
  }

  async download(from: DeviceTensor, into: HostTensor): Promise<void> {
    checkCopy(from, into, `${WHERE}: download`);
    this.#checkOpen();
    const source = this.#find(from);
    const { size } = source;
    const staging = this.#gpu.createBuffer({ size, usage: MAP_READ | COPY_DST });
    try {
      const encoder = this.#gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, staging, 0, size);
      this.#gpu.queue.submit([encoder.finish()]);
      await this.#untilLost(staging.mapAsync(READ_MODE));
      const { buffer, byteOffset, byteLength } = into.data;
      new Uint8Array(buffer, byteOffset, byteLength).set(
        new Uint8Array(staging.getMappedRange(), 0, byteLength),
      );
    } finally {
      staging.destroy();
    }
  }

  release({ handle }: DeviceTensor): void {
    this.#buffers.get(handle)?.destroy();
    this.#buffers.delete(handle);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
    for (const session of this.#sessions) await session.release();
    this.#sessions.clear();
  }

  async #run(
    session: InferenceSession,
    where: string,
    feeds: ReadonlyMap<string, AnyTensor>,
    into: ReadonlyMap<string, AnyTensor>,
  ): Promise<void> {
    this.#checkOpen();
    const given = [...feeds].map(([name, tensor]) => [
      name,
      isOnDevice(tensor) ? this.#view(tensor) : new this.#ort.Tensor(tensor.dtype, tensor.data, tensor.shape),
    ]);
    // Results for the host come as the library's own arrays.
    const places = [...into].map(([name, tensor]) => [name, isOnDevice(tensor) ? this.#view(tensor) : null]);
    const running = session.run(
      Object.fromEntries(given) as Record<string, Tensor>,
      Object.fromEntries(places) as Record<string, Tensor | null>,
    );
    const results = await this.#untilLost(running);
    for (const [name, tensor] of into)
      if (!isOnDevice(tensor)) copyResult(results[name]!, tensor, `${where}: output ${name}`);
  }

  #view(tensor: DeviceTensor): Tensor {
    const buffer = this.#find(tensor) as unknown as Tensor["gpuBuffer"];
    return this.#ort.Tensor.fromGpuBuffer(buffer, { dataType: tensor.dtype, dims: tensor.shape });
  }

  #find({ handle, dtype, shape }: DeviceTensor): GpuBuffer {
    const buffer = this.#buffers.get(handle);
    if (buffer === undefined) throw gone(WHERE, `the ${dtype} tensor [${shape.join(", ")}] is not there`);
    return buffer;
  }

  /** Work under way may hear of the loss first, in words of its own. */
  async #untilLost<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#lost]);
    } catch (error) {
      if (error instanceof ProviderError || !isLost(String(error))) throw error;
      throw lost(error instanceof Error ? error.message : String(error));
    }
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new ProviderError(`${WHERE}: was closed, expected it open; open another`);
  }
}
