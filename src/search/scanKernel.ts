/**
 * @file The inner loop of an exhaustive search, as WebAssembly vector code: a query in 16-bit numbers times rows of
 * 8-bit codes, summed in 32-bit ones. Rows lie one after the other without gaps, whatever their length; the query ends
 * in zeros, which cancel what is read of the next row.
 */

import { assemble, wasm, type Code, type WasmFunction } from "../simd/assembler.js";
import { compile, type SharedWasmMemory, type WasmMemory } from "../simd/instance.js";

/** Numbers that are multiplied at once: a query is padded with zeros to a multiple of it. */
export const CHUNK = 16;
/** Rows that are read and written at once, even where fewer remain. */
export const ROWS_AT_ONCE = 4;

export interface ScanKernel {
  /**
   * target[r] = scales[r] · queryScale · (query · codes of row r), for rows up to `targetEnd`. Up to 3 more floats are
   * written, 3 more rows and 15 more bytes read. |query| · 127, summed over the row, must be below 2^31.
   * @param target, targetEnd, scales float32  @param codes int8  @param rowBytes ≥ 1: numbers in a row
   * @param query, queryEnd int16, whole chunks  @param queryScale one float32
   */
  multiplyRows(
    target: number,
    targetEnd: number,
    codes: number,
    rowBytes: number,
    scales: number,
    query: number,
    queryEnd: number,
    queryScale: number,
  ): void;
}

const { get, set, advance, constant, add, multiply, below } = wasm;
const FOUR_FLOATS = constant(16); // bytes

function multiplyRows(): WasmFunction {
  const [target, targetEnd, codes, rowBytes, scales, query, queryEnd, queryScale] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [part, row0, row1, row2, row3] = [8, 9, 10, 11, 12];
  const [sum0, sum1, sum2, sum3, low, high, scale] = [13, 14, 15, 16, 17, 18, 19];
  const rows = [
    [row0, sum0],
    [row1, sum1],
    [row2, sum2],
    [row3, sum3],
  ] as const;
  const multiplyChunk = [
    set(low, wasm.load8Shorts(get(part), 0)),
    set(high, wasm.load8Shorts(get(part), 16)),
    ...rows.flatMap(([row, sum]) => [
      set(sum, wasm.addInts(get(sum), wasm.dotShorts(get(low), wasm.load8Signed(get(row), 0)))),
      set(sum, wasm.addInts(get(sum), wasm.dotShorts(get(high), wasm.load8Signed(get(row), 8)))),
      advance(row, constant(CHUNK)),
    ]),
    advance(part, constant(2 * CHUNK)),
  ];
  const body = [
    set(scale, wasm.loadSplat(get(queryScale))),
    wasm.loopWhile(
      below(get(target), get(targetEnd)),
      set(row0, get(codes)),
      set(row1, add(get(row0), get(rowBytes))),
      set(row2, add(get(row1), get(rowBytes))),
      set(row3, add(get(row2), get(rowBytes))),
      ...rows.map(([, sum]) => set(sum, wasm.splat(0))), // all bits zero: four zeros
      set(part, get(query)),
      wasm.loopWhile(below(get(part), get(queryEnd)), ...multiplyChunk),
      wasm.store4(
        get(target),
        wasm.multiplyFloats(
          wasm.multiplyFloats(wasm.signedToFloats(sumEach(sum0, sum1, sum2, sum3)), wasm.load4(get(scales))),
          get(scale),
        ),
      ),
      advance(codes, multiply(get(rowBytes), constant(ROWS_AT_ONCE))),
      advance(scales, FOUR_FLOATS),
      advance(target, FOUR_FLOATS),
    ),
  ];
  return { name: "multiplyRows", parameters: 8, ints: 5, vectors: 7, body: body.flat() };
}

/** The sums over four vectors of four ints each. */
function sumEach(a: number, b: number, c: number, d: number): Code {
  /** a0 + a2, b0 + b2, a1 + a3, b1 + b3 */
  const halves = (one: number, other: number) =>
    wasm.addInts(
      wasm.pick(get(one), get(other), [0, 4, 1, 5]),
      wasm.pick(get(one), get(other), [2, 6, 3, 7]),
    );
  const [ab, cd] = [halves(a, b), halves(c, d)];
  return wasm.addInts(wasm.pick(ab, cd, [0, 1, 4, 5]), wasm.pick(ab, cd, [2, 3, 6, 7]));
}

/** The kernel over a memory of this thread. */
export const scanKernel = compile(assemble([multiplyRows()])) as (memory: WasmMemory) => ScanKernel;

/** The kernel over a memory of several threads. Not every browser takes such a module: it is made when called for. */
export function sharedScanKernel(memory: SharedWasmMemory): ScanKernel {
  return compile(assemble([multiplyRows()], true))(memory) as ScanKernel;
}
