/**
 * @file Where planar pictures lie: in the memory of the vector kernels that work on them. Planes that lie
 * elsewhere are copied there and back.
 */

import { colorKernels, type ColorKernels } from "./simd/colorKernels.js";
import { createMemory } from "../simd/instance.js";

/** Planar pictures with values from 0 to 1. */
export interface Planes {
  readonly channels: 1 | 3;
  readonly pixels: number; // per channel
  readonly data: Float32Array; // [channels, pixels]
}

/** What a kernel is called with; addresses in bytes. */
export interface Place {
  readonly kernels: ColorKernels;
  readonly first: number;
  readonly planeBytes: number;
  /** Two numbers for the kernel: writes them. @returns their address */
  constants(p: number, q: number): number;
  /** [2] float64 a kernel has written there. */
  readonly result: Float64Array;
  readonly resultAddress: number;
}

const FLOAT_BYTES = 4;
const VECTOR_FLOATS = 4;

/** A memory for so many floats, and behind them what kernels are told and tell. */
class KernelMemory {
  readonly floats: Float32Array<ArrayBuffer>;
  readonly resultAddress: number;
  readonly result: Float64Array;
  readonly kernels: ColorKernels;
  readonly #constants: Float32Array;

  constructor(length: number) {
    this.resultAddress = Math.ceil((length * FLOAT_BYTES) / 16) * 16;
    const memory = createMemory(this.resultAddress + 32);
    this.floats = new Float32Array(memory.buffer, 0, length);
    this.result = new Float64Array(memory.buffer, this.resultAddress, 2);
    this.#constants = new Float32Array(memory.buffer, this.resultAddress + 16, 2);
    this.kernels = colorKernels(memory);
  }

  at(first: number, planeBytes: number): Place {
    const { kernels, result, resultAddress } = this;
    const constants = (p: number, q: number): number => {
      this.#constants[0] = p;
      this.#constants[1] = q;
      return this.#constants.byteOffset;
    };
    return { kernels, first, planeBytes, constants, result, resultAddress };
  }
}

const homes = new WeakMap<ArrayBufferLike, KernelMemory>();
let guests = new KernelMemory(0);

/** [length] float32 that kernels reach without a copy. */
export function createPlaneData(length: number): Float32Array<ArrayBuffer> {
  const memory = new KernelMemory(length);
  homes.set(memory.floats.buffer, memory);
  return memory.floats;
}

/** Lets `work` change planes in place, padded with zeros to whole vectors where they were not. */
export function withKernels<T>({ channels, pixels, data }: Planes, work: (place: Place) => T): T {
  const home = homes.get(data.buffer);
  if (home !== undefined && pixels % VECTOR_FLOATS === 0) {
    return work(home.at(data.byteOffset, pixels * FLOAT_BYTES));
  }
  const padded = Math.ceil(pixels / VECTOR_FLOATS) * VECTOR_FLOATS;
  if (guests.floats.length < channels * padded) guests = new KernelMemory(channels * padded);
  guests.floats.fill(0);
  for (let channel = 0; channel < channels; channel++) {
    guests.floats.set(data.subarray(channel * pixels, (channel + 1) * pixels), channel * padded);
  }
  const answer = work(guests.at(0, padded * FLOAT_BYTES));
  for (let channel = 0; channel < channels; channel++) {
    data.set(guests.floats.subarray(channel * padded, channel * padded + pixels), channel * pixels);
  }
  return answer;
}

/**
 * target = (plane - mean) / std.
 * @param plane, target parts of one createPlaneData; target has 3 floats to spare, which are written too
 */
export function normalizePlane(plane: Float32Array, target: Float32Array, mean: number, std: number): void {
  const { kernels, first, constants } = homes.get(plane.buffer)!.at(plane.byteOffset, plane.byteLength);
  kernels.normalize(target.byteOffset, first, first + plane.byteLength, constants(mean, std));
}
