/** @file A device that is none: onnxruntime-node computes on arrays that only this device hands out. */

import { ProviderError } from "../../src/errors.js";
import type { ExecutionProvider } from "../../src/ir/executionProvider.js";
import { isOnDevice, type AnyTensor, type Device, type DeviceTensor } from "../../src/runtime/device.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, int64s, type HostTensor, type Session } from "../../src/runtime/session.js";

export interface PlainDevice extends Device {
  /** Bytes of host tensors that runs were fed. */
  readonly fedBytes: number;
  /** Tensors that were not given back. */
  readonly held: number;
}

/** @param roomBytes what it has memory for */
export function plainDevice(ep: ExecutionProvider = "cpu", roomBytes = Infinity): PlainDevice {
  const arrays = new Map<unknown, HostTensor>();
  const sessions: Session[] = [];
  let fedBytes = 0;
  const arrayOf = (tensor: AnyTensor): HostTensor => {
    if (!isOnDevice(tensor)) return tensor;
    const array = arrays.get(tensor.handle);
    if (array === undefined) throw new ProviderError("the tensor is not of this device, or was given back");
    return array;
  };
  const arraysOf = (tensors: ReadonlyMap<string, AnyTensor>) =>
    new Map([...tensors].map(([name, tensor]) => [name, arrayOf(tensor)]));
  const copy = (from: AnyTensor, into: AnyTensor): Promise<void> => {
    (arrayOf(into).data as Uint8Array).set(arrayOf(from).data as Uint8Array);
    return Promise.resolve();
  };
  return {
    ep,
    get fedBytes() {
      return fedBytes;
    },
    get held() {
      return arrays.size;
    },
    async openSession(model, where) {
      const session = await openSession(model, where, { ep: "cpu", threads: 1 });
      sessions.push(session);
      return {
        ...{ ep, inputs: session.inputs, outputs: session.outputs },
        run(feeds, into) {
          for (const tensor of feeds.values()) if (!isOnDevice(tensor)) fedBytes += tensor.data.byteLength;
          return session.run(arraysOf(feeds), arraysOf(into));
        },
        close: () => Promise.resolve(),
      };
    },
    allocate(dtype, shape) {
      const array = emptyTensor(dtype, shape);
      if (array.data.byteLength > roomBytes) return Promise.reject(new ProviderError("out of memory"));
      const tensor: DeviceTensor = { dtype, shape, handle: Symbol() };
      arrays.set(tensor.handle, array);
      return Promise.resolve(tensor);
    },
    upload: copy,
    download: copy,
    release: ({ handle }) => void arrays.delete(handle),
    async close() {
      for (const session of sessions.splice(0)) await session.close();
      arrays.clear();
    },
  };
}

function emptyTensor(dtype: HostTensor["dtype"], shape: readonly number[]): HostTensor {
  if (dtype === "int64") return int64s(shape);
  const tensor = floats(shape);
  if (dtype === "uint8") return { dtype, shape, data: new Uint8Array(tensor.data.length) };
  return tensor;
}
