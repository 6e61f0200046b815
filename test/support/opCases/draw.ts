/** @file Draws sizes, attributes and numbers for cases. Numbers come from a drawn seed, sizes shrink. */

import fc from "fast-check";
import type { Shape } from "../../../src/ir/shape.js";
import { ndArray, sizeOf } from "../reference/ndArray.js";
import type { CaseInput } from "./opCase.js";

export type Generator = fc.GeneratorValue;

/** Uniform numbers in [0, 1) from a seed. Source: mulberry32, Tommy Ettinger. */
export function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Distance kept from kinks and between numbers whose order matters; far above the step of finite differences. */
const MARGIN = 0.1;

/** Kinds of numbers, each a range that suits some operator. */
const KINDS = {
  any: (random: () => number) => 4 * random() - 2,
  positive: (random: () => number) => 0.5 + 1.5 * random(),
  awayFromZero: (random: () => number) => (random() < 0.5 ? -1 : 1) * (0.5 + 1.5 * random()),
};
export type NumberKind = keyof typeof KINDS;

export class Draw {
  readonly #generator: Generator;

  constructor(generator: Generator) {
    this.#generator = generator;
  }

  int(min: number, max: number): number {
    return this.#generator(fc.integer, { min, max });
  }

  bool(): boolean {
    return this.#generator(fc.boolean);
  }

  pick<T>(...choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)]!;
  }

  list<T>(length: number, make: (at: number) => T): T[] {
    return Array.from({ length }, (_, at) => make(at));
  }

  ints(length: number, min: number, max: number): number[] {
    return this.list(length, () => this.int(min, max));
  }

  shape(minRank: number, maxRank: number): number[] {
    return this.ints(this.int(minRank, maxRank), 1, 3);
  }

  /** An axis of `rank`, at times counted from the end. */
  axis(rank: number): number {
    return this.int(-rank, rank - 1);
  }

  /** Some axes of `rank`, each once, in any order, at times counted from the end. */
  axes(rank: number, least: number): number[] {
    const order = this.shuffled(this.list(rank, (axis) => axis));
    return order
      .slice(0, this.int(Math.min(least, rank), rank))
      .map((axis) => (this.bool() ? axis : axis - rank));
  }

  shuffled<T>(items: readonly T[]): T[] {
    const random = this.random();
    return items
      .map((item) => ({ item, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
  }

  random(): () => number {
    return uniform(this.#generator(fc.integer));
  }

  floats(sizes: readonly number[], kind: NumberKind = "any", shape: Shape = sizes): CaseInput {
    const random = this.random();
    const numbers = this.list(sizeOf(sizes), () => KINDS[kind](random));
    return { dtype: "float32", shape, value: ndArray(sizes, numbers) };
  }

  /** Floats that all differ by a margin, over all of the given shapes. */
  distinctFloats(...shapes: readonly (readonly number[])[]): CaseInput[] {
    const total = shapes.reduce((sum, sizes) => sum + sizeOf(sizes), 0);
    const numbers = this.shuffled(this.list(total, (at) => (at - total / 2) * MARGIN));
    return shapes.map((sizes) => ({
      dtype: "float32",
      shape: sizes,
      value: ndArray(sizes, numbers.splice(0, sizeOf(sizes))),
    }));
  }

  /** Whole numbers in [min, max], of an integer dtype or bool. */
  wholes(sizes: readonly number[], min: number, max: number, dtype: CaseInput["dtype"] = "int64"): CaseInput {
    const random = this.random();
    const numbers = this.list(sizeOf(sizes), () => min + Math.floor(random() * (max - min + 1)));
    return { dtype, shape: sizes, value: ndArray(sizes, numbers) };
  }

  /** At times, gives the first axis a name instead of a size. */
  batched(input: CaseInput): CaseInput {
    return input.shape.length > 0 && this.bool() ? named(input) : input;
  }

  /** Shapes that broadcast to one of rank up to 4, each perhaps of lower rank and with axes of size 1. */
  broadcastShapes(count: number): { sizes: number[]; shape: Shape }[] {
    const target = this.shape(0, 4);
    const name = this.bool();
    return this.list(count, () => {
      const lead = this.pick(0, 0, this.int(0, target.length));
      const stretched = target.map(() => this.int(0, 3) === 0);
      const keep = <T>(dims: readonly T[]) =>
        dims.map((dim, axis) => (stretched[axis] ? 1 : dim)).slice(lead);
      return {
        sizes: keep(target),
        shape: keep(target.map((size, axis) => (name && axis === 0 ? "batch" : size))),
      };
    });
  }
}

/** The same input with its first axis named "batch". */
export function named(input: CaseInput): CaseInput {
  return { ...input, shape: ["batch", ...input.shape.slice(1)] };
}
