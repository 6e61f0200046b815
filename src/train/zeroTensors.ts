/** @file Zeros on a device, which the first batch of a step reads in place of sums: nothing has to be cleared. */

import type { AnyTensor, Device, DeviceTensor } from "../runtime/device.js";
import { floats } from "../runtime/session.js";
import type { StateTensor } from "./copies.js";

export class ZeroTensors {
  readonly #tensors: ReadonlyMap<string, DeviceTensor>;

  private constructor(tensors: ReadonlyMap<string, DeviceTensor>) {
    this.#tensors = tensors;
  }

  /** In the place of `sums`; those of one shape share one tensor. */
  static async on(device: Device, sums: readonly StateTensor[]): Promise<ZeroTensors> {
    const byShape = new Map<string, DeviceTensor>();
    for (const { shape } of sums) {
      if (byShape.has(shape.join())) continue;
      const tensor = await device.allocate("float32", shape);
      await device.upload(floats(shape), tensor);
      byShape.set(shape.join(), tensor);
    }
    return new ZeroTensors(new Map(sums.map(({ name, shape }) => [name, byShape.get(shape.join())!])));
  }

  bind(feeds: Map<string, AnyTensor>): void {
    for (const [name, tensor] of this.#tensors) feeds.set(name, tensor);
  }

  all(): ReadonlySet<DeviceTensor> {
    return new Set(this.#tensors.values());
  }
}
