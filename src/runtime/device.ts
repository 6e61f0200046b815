/**
 * @file What the rest of the house knows of a provider whose tensors stay where it computes, from run to run: the state
 * of a training run never comes back to the host but when it is asked for.
 */

import type { ExecutionProvider } from "../ir/executionProvider.js";
import type { HostTensor } from "./session.js";

/** A tensor where a provider computes, row-major. It belongs to the device that made it, and ends with it. */
export interface DeviceTensor {
  readonly dtype: HostTensor["dtype"];
  readonly shape: readonly number[];
  /** The device's own handle; tells it from a HostTensor. */
  readonly handle: unknown;
}

export type AnyTensor = HostTensor | DeviceTensor;

/** A loaded model. */
export interface DeviceSession {
  readonly ep: ExecutionProvider;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * Runs the model; results are complete when the promise is. Host tensors are copied to the device and back. Outputs
   * that `into` does not name are computed and dropped. One device tensor may be fed and be the place of a result where
   * the model itself reads all of it before it writes: such as rows scattered into a bank.
   * @throws ProviderError with the runtime's own words
   */
  run(feeds: ReadonlyMap<string, AnyTensor>, into: ReadonlyMap<string, AnyTensor>): Promise<void>;
  close(): Promise<void>;
}

export interface DeviceSessionOptions {
  /** Runs are fed the same few sets of tensors again and again, so they may be recorded once and replayed. */
  readonly isRepeated?: boolean;
}

/** Calls follow one another: the one before is complete. */
export interface Device {
  readonly ep: ExecutionProvider;
  /** @throws ProviderError when the runtime refuses the model, or would leave a node of it to another provider */
  openSession(model: Uint8Array, where: string, options?: DeviceSessionOptions): Promise<DeviceSession>;
  /** Room for a tensor; what is in it is not known. @throws ProviderError when there is no memory left */
  allocate(dtype: HostTensor["dtype"], shape: readonly number[]): Promise<DeviceTensor>;
  /** Copies a whole tensor of the same dtype and shape. */
  upload(from: HostTensor, into: DeviceTensor): Promise<void>;
  /** Copies a whole tensor of the same dtype and shape. */
  download(from: DeviceTensor, into: HostTensor): Promise<void>;
  /** Gives the memory of one tensor back. */
  release(tensor: DeviceTensor): void;
  /** Closes its sessions and gives everything back; a second time does nothing. */
  close(): Promise<void>;
}

export const isOnDevice = (tensor: AnyTensor): tensor is DeviceTensor => "handle" in tensor;
