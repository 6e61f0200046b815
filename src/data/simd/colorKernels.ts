/**
 * @file Colour arithmetic as WebAssembly vector code, on planes of float32 from 0 to 1. Addresses are bytes.
 * Planes begin `planeBytes` after each other; this and every `end` must be whole vectors of 16 bytes further on.
 * What does not fit into integers comes in two floats at `constants`, called p and q.
 */

import { assemble, wasm, type Code, type WasmFunction } from "../../simd/assembler.js";
import { compile, type WasmMemory } from "../../simd/instance.js";

/** Luma weights of ITU-R BT.601, to the four places torchvision writes; they sum to 0.9999. */
export const LUMA = { red: 0.2989, green: 0.587, blue: 0.114 } as const;

export interface ColorKernels {
  /** v = p v + q, cut to 0 to 1. */
  scale(first: number, end: number, constants: number): void;
  /** target = (source - p) / q. */
  normalize(target: number, source: number, end: number, constants: number): void;
  /** Each colour c = p c + q gray, cut to 0 to 1; `end` is that of the first plane. */
  mixGray(first: number, planeBytes: number, end: number, constants: number): void;
  /** Turns hues by p sextants, -3 to 3. */
  turnHue(first: number, planeBytes: number, end: number, constants: number): void;
  /** Writes two float64 whose sum is that of the gray of all pixels. */
  sumGray(first: number, planeBytes: number, end: number, result: number): void;
}

const { get, set, advance, add, constant, splat, choose, below } = wasm;
const { addFloats, subtractFloats, multiplyFloats, divideFloats, least, greatest, less } = wasm;

const VECTOR_BYTES = constant(16);
const clamp01 = (value: Code): Code => least(greatest(value, splat(0)), splat(1));
const grayOf = (red: Code, green: Code, blue: Code): Code =>
  addFloats(
    addFloats(multiplyFloats(splat(LUMA.red), red), multiplyFloats(splat(LUMA.green), green)),
    multiplyFloats(splat(LUMA.blue), blue),
  );
const parameterP = (constants: Code): Code => wasm.loadSplat(constants);
const parameterQ = (constants: Code): Code => wasm.loadSplat(add(constants, constant(4)));

function scale(): WasmFunction {
  const [first, end, constants, p, q] = [0, 1, 2, 3, 4];
  const body = [
    set(p, parameterP(get(constants))),
    set(q, parameterQ(get(constants))),
    wasm.loopWhile(
      below(get(first), get(end)),
      wasm.store4(get(first), clamp01(addFloats(multiplyFloats(get(p), wasm.load4(get(first))), get(q)))),
      advance(first, VECTOR_BYTES),
    ),
  ];
  return { name: "scale", parameters: 3, ints: 0, vectors: 2, body: body.flat() };
}

function normalize(): WasmFunction {
  const [target, source, end, constants, p, q] = [0, 1, 2, 3, 4, 5];
  const body = [
    set(p, parameterP(get(constants))),
    set(q, parameterQ(get(constants))),
    wasm.loopWhile(
      below(get(source), get(end)),
      wasm.store4(get(target), divideFloats(subtractFloats(wasm.load4(get(source)), get(p)), get(q))),
      advance(target, VECTOR_BYTES),
      advance(source, VECTOR_BYTES),
    ),
  ];
  return { name: "normalize", parameters: 4, ints: 0, vectors: 2, body: body.flat() };
}

/** Addresses of a pixel's three colours. */
function colorsAt(first: number, planeBytes: number): readonly [Code, Code, Code] {
  const green = add(get(first), get(planeBytes));
  return [get(first), green, add(green, get(planeBytes))];
}

function mixGray(): WasmFunction {
  const [first, planeBytes, end, constants, p, q, offset] = [0, 1, 2, 3, 4, 5, 6];
  const colors = colorsAt(first, planeBytes);
  const [red, green, blue] = colors.map(wasm.load4) as [Code, Code, Code];
  const body = [
    set(p, parameterP(get(constants))),
    set(q, parameterQ(get(constants))),
    wasm.loopWhile(
      below(get(first), get(end)),
      set(offset, multiplyFloats(get(q), grayOf(red, green, blue))),
      ...colors.map((address) =>
        wasm.store4(address, clamp01(addFloats(multiplyFloats(get(p), wasm.load4(address)), get(offset)))),
      ),
      advance(first, VECTOR_BYTES),
    ),
  ];
  return { name: "mixGray", parameters: 4, ints: 0, vectors: 3, body: body.flat() };
}

function sumGray(): WasmFunction {
  const [first, planeBytes, end, result, gray, sums] = [0, 1, 2, 3, 4, 5];
  const [red, green, blue] = colorsAt(first, planeBytes).map(wasm.load4) as [Code, Code, Code];
  const body = [
    set(sums, splat(0)), // all bits zero: two float64 zeros
    wasm.loopWhile(
      below(get(first), get(end)),
      set(gray, grayOf(red, green, blue)),
      set(sums, wasm.addDoubles(get(sums), wasm.toDoubles(get(gray)))),
      set(sums, wasm.addDoubles(get(sums), wasm.toDoubles(wasm.upperHalf(get(gray))))),
      advance(first, VECTOR_BYTES),
    ),
    wasm.store4(get(result), get(sums)),
  ];
  return { name: "sumGray", parameters: 4, ints: 0, vectors: 2, body: body.flat() };
}

/**
 * The colour wheel has six sextants: red at 0, green at 2, blue at 4. A channel is full for two of them, absent
 * for two, a ramp between: value - chroma * cut(min(a, 4 - a)), where a is the hue plus 5, 3 or 1, modulo 6.
 */
function turnHue(): WasmFunction {
  const [first, planeBytes, end, constants] = [0, 1, 2, 3];
  const [turn, red, green, blue, value, chroma, hue, angle] = [4, 5, 6, 7, 8, 9, 10, 11];
  const colors = colorsAt(first, planeBytes);
  const wrap = (local: number): Code[] => [
    set(local, choose(less(get(local), splat(0)), addFloats(get(local), splat(6)), get(local))),
    set(local, choose(less(get(local), splat(6)), get(local), subtractFloats(get(local), splat(6)))),
  ];
  const redOnTop = wasm.equal(get(red), get(value));
  const greenOnTop = wasm.equal(get(green), get(value));
  /** One of three, by the strongest colour. */
  const byTop = (ifRed: Code, ifGreen: Code, ifBlue: Code): Code =>
    choose(redOnTop, ifRed, choose(greenOnTop, ifGreen, ifBlue));
  const sector = byTop(splat(0), splat(2), splat(4));
  const rise = byTop(
    subtractFloats(get(green), get(blue)),
    subtractFloats(get(blue), get(red)),
    subtractFloats(get(red), get(green)),
  );
  const channel = (which: number, phase: number, before: number): Code[] => [
    set(angle, addFloats(get(hue), splat(phase))),
    ...wrap(angle),
    set(
      angle,
      clamp01(
        subtractFloats(
          get(value),
          multiplyFloats(get(chroma), clamp01(least(get(angle), subtractFloats(splat(4), get(angle))))),
        ),
      ),
    ),
    // Gray has no hue: 0 / 0 above, and stays as it is.
    wasm.store4(colors[which]!, choose(less(splat(0), get(chroma)), get(angle), get(before))),
  ];
  const body = [
    set(turn, parameterP(get(constants))),
    wasm.loopWhile(
      below(get(first), get(end)),
      ...[red, green, blue].map((local, which) => set(local, wasm.load4(colors[which]!))),
      set(value, greatest(get(red), greatest(get(green), get(blue)))),
      set(chroma, subtractFloats(get(value), least(get(red), least(get(green), get(blue))))),
      set(hue, addFloats(sector, divideFloats(rise, get(chroma)))),
      set(hue, addFloats(get(hue), get(turn))),
      ...wrap(hue),
      ...channel(0, 5, red),
      ...channel(1, 3, green),
      ...channel(2, 1, blue),
      advance(first, VECTOR_BYTES),
    ),
  ];
  return { name: "turnHue", parameters: 4, ints: 0, vectors: 8, body: body.flat() };
}

/** The kernels over a memory. */
export const colorKernels = compile(assemble([scale(), normalize(), mixGray(), sumGray(), turnHue()])) as (
  memory: WasmMemory,
) => ColorKernels;
