/** @file A device over ONNX Runtime's C API: it owns its sessions and tensors, and ends them. */

import { ProviderError } from "../../errors.js";
import type { Runtime } from "../../native/onnxruntime/env.js";
import type { CudaProviderOptions } from "../../native/onnxruntime/cuda.js";
import type { Handle } from "../../native/onnxruntime/handle.js";
import { createSession, type LoadedSession } from "../../native/onnxruntime/session.js";
import { memoryInfo } from "../../native/onnxruntime/value.js";
import {
  isOnDevice,
  type Device,
  type DeviceSession,
  type DeviceSessionOptions,
  type DeviceTensor,
} from "../device.js";
import { SESSION_OPTIONS } from "../node.js";
import { refusal, type HostTensor } from "../session.js";
import { checkArray, handleOf, type Tensors } from "./boundSet.js";
import type { DeviceMemory } from "./memory.js";
import { LIBRARY, NativeSession } from "./nativeSession.js";
import { remedyForModel, remedyForRun } from "./remedies.js";

export type CudaOptions = CudaProviderOptions;

export interface NativeDeviceOptions {
  readonly ep: "cpu" | "cuda";
  /** Threads that compute one operator; default: as many as the machine has processors. */
  readonly threads?: number;
  /** Read for cuda alone. */
  readonly cuda?: CudaOptions;
}

export const CUDA_DEFAULTS: CudaOptions = {
  deviceId: 0,
  tf32: false,
  memoryLimitBytes: null,
  captureGraph: false,
};

export class NativeDevice implements Device {
  readonly ep: "cpu" | "cuda";
  readonly #runtime: Runtime;
  readonly #memory: DeviceMemory;
  readonly #options: NativeDeviceOptions;
  readonly #hostInfo: Handle;
  readonly #sessions = new Set<NativeSession>();
  readonly #tensors = new Set<DeviceTensor>();
  #closing: Promise<void> | null = null;

  /** @param memory closed with the device */
  constructor(runtime: Runtime, memory: DeviceMemory, options: NativeDeviceOptions) {
    this.ep = options.ep;
    this.#runtime = runtime;
    this.#memory = memory;
    this.#options = options;
    this.#hostInfo = memoryInfo(runtime.api, "Cpu");
  }

  async openSession(
    model: Uint8Array,
    where: string,
    { isRepeated = false }: DeviceSessionOptions = {},
  ): Promise<DeviceSession> {
    this.#checkOpen(where);
    const captures = isRepeated && this.#cuda.captureGraph && this.ep === "cuda";
    const loaded = await this.#load(model, where, captures);
    if (this.#closing !== null) loaded.handle.close(); // meanwhile
    this.#checkOpen(where);
    const session = new NativeSession({
      runtime: this.#runtime,
      memory: this.#memory,
      hostInfo: this.#hostInfo,
      ...{ ep: this.ep, loaded, where, captures },
      checkOwn: (what, tensors) => this.#checkOwn(what, tensors),
      onClosed: (closed) => this.#sessions.delete(closed),
    });
    this.#sessions.add(session);
    return session;
  }

  get #cuda(): CudaOptions {
    return this.#options.cuda ?? CUDA_DEFAULTS;
  }

  async #load(model: Uint8Array, where: string, captureGraph: boolean): Promise<LoadedSession> {
    const { ep, threads } = this.#options;
    try {
      return await createSession(this.#runtime, model, where, {
        ...(threads === undefined ? {} : { threads }),
        config: SESSION_OPTIONS,
        ...(ep === "cuda" ? { cuda: { ...this.#cuda, captureGraph } } : {}),
      });
    } catch (error) {
      throw refusal({ where, library: LIBRARY }, "does not load the model", error, remedyForModel(error));
    }
  }

  allocate(dtype: HostTensor["dtype"], shape: readonly number[]): Promise<DeviceTensor> {
    return this.#explained("allocate", () => {
      const tensor = this.#memory.allocate(dtype, shape);
      this.#tensors.add(tensor);
      return tensor;
    });
  }

  upload(from: HostTensor, into: DeviceTensor): Promise<void> {
    return this.#explained("upload", () => {
      this.#checkAlike("upload", from, into);
      this.#memory.copyIn(from.data, handleOf(into));
    });
  }

  download(from: DeviceTensor, into: HostTensor): Promise<void> {
    return this.#explained("download", () => {
      this.#checkAlike("download", into, from);
      this.#memory.copyOut(handleOf(from), into.data);
    });
  }

  release(tensor: DeviceTensor): void {
    if (!this.#tensors.delete(tensor)) return;
    // What is bound to it keeps the memory until it is forgotten, after a run that may be under way.
    for (const session of this.#sessions) void session.forget(tensor);
    handleOf(tensor).close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()));
    for (const tensor of this.#tensors) handleOf(tensor).close();
    this.#tensors.clear();
    this.#hostInfo.close();
    this.#memory.close();
  }

  async #explained<T>(what: string, work: () => T): Promise<T> {
    this.#checkOpen(what);
    try {
      return await Promise.resolve(work());
    } catch (error) {
      throw error instanceof ProviderError
        ? error
        : refusal({ where: what, library: LIBRARY }, "stopped", error, remedyForRun(error));
    }
  }

  #checkOpen(what: string): void {
    if (this.#closing === null) return;
    throw new ProviderError(`${what}: the device is closed, expected an open one; open it again`);
  }

  #checkOwn(where: string, tensors: Tensors): void {
    for (const [name, tensor] of tensors) {
      if (!isOnDevice(tensor) || this.#tensors.has(tensor)) continue;
      throw new ProviderError(
        `${where}: ${name} is a tensor that was released or is another device's, expected one that this device ` +
          "allocated; allocate and upload it here",
      );
    }
  }

  #checkAlike(what: string, host: HostTensor, tensor: DeviceTensor): void {
    this.#checkOwn(what, new Map([["the tensor", tensor]]));
    checkArray(what, host);
    const show = ({ dtype, shape }: HostTensor | DeviceTensor) => `${dtype} [${shape.join(", ")}]`;
    if (show(host) === show(tensor)) return;
    throw new ProviderError(
      `${what}: the array is ${show(host)}, expected ${show(tensor)} as on the device; give one of that shape`,
    );
  }
}
