/**
 * @file A thing of the runtime's that must be given back. Whoever made it closes it: nothing is given back behind one's
 * back, since the collector may run while another thread still computes with it.
 */

import { ProviderError } from "../../errors.js";
import type { Address } from "./api.js";

let live = 0;

/** In this thread, of those that are not closed. */
export const liveHandles = (): number => live;

export class Handle {
  readonly #what: string;
  readonly #release: (address: Address) => void;
  #address: Address | null;

  /** @param what as messages call it */
  constructor(what: string, address: Address, release: (address: Address) => void) {
    this.#what = what;
    this.#address = address;
    this.#release = release;
    live++;
  }

  /** @throws ProviderError once it is closed */
  get address(): Address {
    if (this.#address !== null) return this.#address;
    throw new ProviderError(`${this.#what}: is closed, expected an open one; open it again`);
  }

  get isOpen(): boolean {
    return this.#address !== null;
  }

  /** A second time does nothing. */
  close(): void {
    const address = this.#address;
    if (address === null) return;
    this.#address = null;
    live--;
    this.#release(address);
  }
}

/** @param fill writes an address into the place it is given; what it throws, this throws */
export function made(fill: (place: BigUint64Array) => void): Address {
  const place = new BigUint64Array(1);
  fill(place);
  return place[0]!;
}
