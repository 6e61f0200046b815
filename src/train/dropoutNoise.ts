/** @file The noise that dropout compares with its ratio, drawn anew for every step. */

import { isDropoutNoise } from "../../graphs/names.js";
import type { Manifest } from "../artifact/manifest.js";
import { RandomStream } from "../random/philox.js";
import { floats, type FloatTensor } from "../runtime/session.js";

/** A function of seed and step: a resumed run drops the units that one without a break would have dropped. */
export class DropoutNoise {
  readonly #seed: number;
  readonly #tensors: ReadonlyMap<string, FloatTensor>;

  constructor({ tensors }: Pick<Manifest, "tensors">, seed: number) {
    this.#seed = seed;
    this.#tensors = new Map(
      tensors
        .filter(({ name, role }) => role === "input" && isDropoutNoise(name))
        .map(({ name, shape }) => [name, floats(shape as readonly number[])]),
    );
  }

  /**
   * Uniform in [0, 1): one stream a step, which fills the inputs in the order of the manifest. The next call
   * overwrites the tensors.
   * @param step from 0
   */
  at(step: number): ReadonlyMap<string, FloatTensor> {
    const stream = new RandomStream(this.#seed, "dropout", step);
    for (const { data } of this.#tensors.values()) {
      for (let at = 0; at < data.length; at++) data[at] = stream.uniform();
    }
    return this.#tensors;
  }
}
