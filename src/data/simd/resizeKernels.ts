/**
 * @file The two inner loops of resizing, as WebAssembly vector code. Addresses are bytes into the memory they were
 * made with; floats are float32. Both read up to 12 bytes past what they are told of: leave that much.
 */

import { assemble, wasm, type WasmFunction } from "../../simd/assembler.js";
import { compile, type WasmMemory } from "../../simd/instance.js";

export interface ResizeKernels {
  /**
   * target[i] = sum over taps t of weights[t] * source[t * rowBytes + i], i from 0 to length - 1; up to 7 more
   * floats of target are written.
   * @param source bytes  @param target, weights floats  @param taps >= 1  @param length >= 1
   */
  blendRows(
    target: number,
    source: number,
    rowBytes: number,
    weights: number,
    taps: number,
    length: number,
  ): void;
  /**
   * For each output pixel x: three sums over taps t of weights[x, t] * row[pixel first[x] + t], divided by 255,
   * written to three planes.
   * @param target floats, of the first plane; the next lie planeBytes further on
   * @param first, taps [length] int32: addresses in bytes from the row's start, and counts >= 1
   * @param weights [length, strideBytes] floats  @param pixelBytes from one pixel to the next
   */
  mixColumns(
    target: number,
    planeBytes: number,
    row: number,
    first: number,
    taps: number,
    weights: number,
    strideBytes: number,
    pixelBytes: number,
    length: number,
  ): void;
}

const { get, set, advance, constant, add, multiply, below } = wasm;
const FLOAT = constant(4); // bytes

function blendRows(): WasmFunction {
  const [target, source, rowBytes, weights, taps, length] = [0, 1, 2, 3, 4, 5];
  const [weight, weightsEnd, pixel, targetEnd, low, high, factor, shorts] = [6, 7, 8, 9, 10, 11, 12, 13];
  const addTap = [
    set(factor, wasm.loadSplat(get(weight))),
    set(shorts, wasm.bytesToShorts(wasm.load8Bytes(get(pixel)))),
    ...(
      [
        [low, wasm.lowShortsToInts],
        [high, wasm.highShortsToInts],
      ] as const
    ).map(([sum, half]) =>
      set(sum, wasm.addFloats(get(sum), wasm.multiplyFloats(get(factor), wasm.toFloats(half(get(shorts)))))),
    ),
    advance(weight, FLOAT),
    advance(pixel, get(rowBytes)),
  ];
  const body = [
    set(weightsEnd, add(get(weights), multiply(get(taps), FLOAT))),
    set(targetEnd, add(get(target), multiply(get(length), FLOAT))),
    wasm.loopWhile(
      below(get(target), get(targetEnd)),
      set(low, wasm.splat(0)),
      set(high, wasm.splat(0)),
      set(weight, get(weights)),
      set(pixel, get(source)),
      wasm.loopWhile(below(get(weight), get(weightsEnd)), ...addTap),
      wasm.store4(get(target), get(low)),
      wasm.store4(get(target), get(high), 16),
      advance(target, constant(32)),
      advance(source, constant(8)),
    ),
  ];
  return { name: "blendRows", parameters: 6, ints: 4, vectors: 4, body: body.flat() };
}

function mixColumns(): WasmFunction {
  const [target, planeBytes, row, first, taps, weights, strideBytes, pixelBytes, length] = [0, 1, 2, 3, 4, 5, 6, 7, 8]; // prettier-ignore
  const [weight, weightsEnd, pixel, targetEnd, sum] = [9, 10, 11, 12, 13];
  const plane = (which: number) => add(get(target), multiply(get(planeBytes), constant(which)));
  const body = [
    set(targetEnd, add(get(target), multiply(get(length), FLOAT))),
    wasm.loopWhile(
      below(get(target), get(targetEnd)),
      set(sum, wasm.splat(0)),
      set(weight, get(weights)),
      set(weightsEnd, add(get(weights), multiply(wasm.loadInt(get(taps)), FLOAT))),
      set(pixel, add(get(row), wasm.loadInt(get(first)))),
      wasm.loopWhile(
        below(get(weight), get(weightsEnd)),
        set(
          sum,
          wasm.addFloats(get(sum), wasm.multiplyFloats(wasm.loadSplat(get(weight)), wasm.load4(get(pixel)))),
        ),
        advance(weight, FLOAT),
        advance(pixel, get(pixelBytes)),
      ),
      set(sum, wasm.divideFloats(get(sum), wasm.splat(255))),
      ...[0, 1, 2].map((channel) => wasm.storeLane(plane(channel), get(sum), channel)),
      advance(target, FLOAT),
      advance(first, FLOAT),
      advance(taps, FLOAT),
      advance(weights, get(strideBytes)),
    ),
  ];
  return { name: "mixColumns", parameters: 9, ints: 4, vectors: 1, body: body.flat() };
}

/** The kernels over a memory. */
export const resizeKernels = compile(assemble([blendRows(), mixColumns()])) as (
  memory: WasmMemory,
) => ResizeKernels;
