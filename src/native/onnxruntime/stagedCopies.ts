/**
 * @file Copies to and from a GPU by way of pinned memory, which the system never moves. A copy from there is complete when
 * the call returns; one from other memory may not be, and whoever waits for it waits for all that the GPU does.
 */

import type { Address } from "./api.js";

/** Held for each device; larger arrays cross in pieces. */
export const STAGING_BYTES = 16 * 2 ** 20;

/** Copies bytes; they have arrived when it returns. */
type Copy = (to: Address, from: Address, bytes: number) => void;

export interface PinnedMemory {
  readonly address: Address;
  /** The memory itself. */
  readonly view: ArrayBuffer;
  /** @throws ProviderError with CUDA's own words */
  readonly toDevice: Copy;
  /** @throws ProviderError with CUDA's own words */
  readonly toHost: Copy;
  readonly free: () => void;
}

export interface StagedCopies {
  /** @throws what the copy throws */
  toDevice(from: NodeJS.TypedArray, to: Address): void;
  /** @throws what the copy throws */
  toHost(from: Address, to: NodeJS.TypedArray): void;
  /** Gives the pinned memory back. No copy may follow. */
  close(): void;
}

/** @param pinned closed with the copies */
export function stagedCopies(pinned: PinnedMemory): StagedCopies {
  const { address, toDevice, toHost } = pinned;
  const staging = new Uint8Array(pinned.view);
  return {
    toDevice(from, to) {
      for (const [part, at] of parts(from, staging.length)) {
        staging.set(part);
        toDevice(to + BigInt(at), address, part.length);
      }
    },
    toHost(from, to) {
      for (const [part, at] of parts(to, staging.length)) {
        toHost(address, from + BigInt(at), part.length);
        part.set(staging.subarray(0, part.length));
      }
    },
    close: () => pinned.free(),
  };
}

/** Pieces of an array's memory, each with its place in bytes. */
function* parts(
  { buffer, byteOffset, byteLength }: NodeJS.TypedArray,
  mostBytes: number,
): Generator<readonly [part: Uint8Array, at: number]> {
  for (let at = 0; at < byteLength; at += mostBytes)
    yield [new Uint8Array(buffer, byteOffset + at, Math.min(mostBytes, byteLength - at)), at];
}
