/** @file How many bytes cross between the host and a device. */

import { isOnDevice, type AnyTensor, type Device } from "../../src/runtime/device.js";

/** What crossed, bytes. */
export interface Crossed {
  in: number;
  out: number;
}

/** The same device, which counts. */
export function counting(device: Device, crossed: Crossed): Device {
  const bytes = (tensors: Iterable<AnyTensor>) =>
    [...tensors].reduce((sum, tensor) => sum + (isOnDevice(tensor) ? 0 : tensor.data.byteLength), 0);
  return {
    ep: device.ep,
    async openSession(model, where, options) {
      const session = await device.openSession(model, where, options);
      const { ep, inputs, outputs } = session;
      return {
        ...{ ep, inputs, outputs },
        run(feeds, into) {
          crossed.in += bytes(feeds.values());
          crossed.out += bytes(into.values());
          return session.run(feeds, into);
        },
        close: () => session.close(),
      };
    },
    allocate: (dtype, shape) => device.allocate(dtype, shape),
    upload(from, into) {
      crossed.in += bytes([from]);
      return device.upload(from, into);
    },
    download(from, into) {
      crossed.out += bytes([into]);
      return device.download(from, into);
    },
    release: (tensor) => device.release(tensor),
    close: () => device.close(),
  };
}
