/**
 * @file Random numbers that are a pure function of (seed, labels, position).
 *
 * Philox4x32-10 is a counter-based generator: block k of a stream is a fixed scrambling of the number k
 * under a key, so there is no state to carry along. Results then depend neither on the number of workers nor
 * on the order in which they draw, a resumed run needs no saved generator, and numpy can write the same
 * numbers. Nothing here imports Node: a browser tab draws the same bits.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */

import { UsageError } from "../errors.js";

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** Key increments per round: the golden ratio and sqrt(3) - 1, each as a 32-bit fraction. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

const TWO_POW_24 = 2 ** 24;
const TWO_POW_32 = 2 ** 32;

/** High 32 bits of the 64-bit product of two uint32. Halves of 16 bits keep every term below 2^53. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16); // < 2^32
  const carry = aLow * bHigh + (middle & 0xffff); // < 2^32
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/**
 * One block of Philox4x32-10.
 * @param counter [4] words, which block of the stream
 * @param key [2] words, which stream
 * @param block [4] words, written: 128 random bits
 */
export function philox4x32(counter: Uint32Array, key: Uint32Array, block: Uint32Array): void {
  let [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = counter;
  let [k0 = 0, k1 = 0] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  block[0] = c0;
  block[1] = c1;
  block[2] = c2;
  block[3] = c3;
}

/** FNV-1a, 32 bits, of the UTF-8 bytes of a text: turns the name of a stream into a key. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * A stream of random numbers named by a seed and labels, such as ("augment", epoch, row).
 *
 * Key: [seed, FNV-1a of the labels joined with "/"]. Counter: [block, 0, 0, 0] for block 0, 1, 2, ...; the
 * four words of a block are used in order. A stream repeats after 2^34 words. Two different label lists
 * share a stream with probability 2^-32: fine for sampling, useless for secrets.
 */
export class RandomStream {
  private readonly key: Uint32Array; // [2]
  private readonly counter = new Uint32Array(4);
  private readonly block = new Uint32Array(4);
  private used = 4; // words of `block` already handed out
  private spareNormal: number | null = null;

  /**
   * @param seed whole number, 0 to 2^32 - 1
   * @throws UsageError for any other seed
   */
  constructor(seed: number, ...labels: (string | number)[]) {
    if (!Number.isInteger(seed) || seed < 0 || seed >= TWO_POW_32) {
      throw new UsageError(
        `seed: found ${seed}, expected a whole number from 0 to ${TWO_POW_32 - 1}; choose one in that range`,
      );
    }
    this.key = Uint32Array.of(seed, fnv1a32(labels.join("/")));
  }

  /** The next word: uniform over 0 ... 2^32 - 1. */
  uint32(): number {
    if (this.used === 4) {
      philox4x32(this.counter, this.key, this.block);
      this.counter[0] = (this.counter[0] ?? 0) + 1;
      this.used = 0;
    }
    return this.block[this.used++] ?? 0;
  }

  /** Uniform in [0, 1): the top 24 bits of one word, so that float32 holds it exactly. */
  uniform(): number {
    return (this.uint32() >>> 8) / TWO_POW_24;
  }

  /** low + (high - low) * uniform(): one word. */
  uniformIn(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /**
   * Uniform over 0 ... n - 1 without bias: words at or above the largest multiple of n that is at most 2^32
   * are thrown away, the first other word is reduced modulo n.
   * @param n whole number, 1 to 2^32
   * @throws UsageError for any other n
   */
  below(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_POW_32) {
      throw new UsageError(
        `RandomStream.below: found ${n}, expected a whole number from 1 to 2^32; pass one`,
      );
    }
    const limit = TWO_POW_32 - (TWO_POW_32 % n);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % n;
  }

  /** Fisher-Yates in place, from the last element down to the second; each swaps with below(position + 1). */
  shuffle(items: Int32Array | number[]): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const held = items[last] as number;
      items[last] = items[other] as number;
      items[other] = held;
    }
  }

  /**
   * Standard normal by Box-Muller: two uniforms u, v give sqrt(-2 ln(1-u)) times cos(2 pi v), then, kept for
   * the next call, times sin(2 pi v). 24-bit uniforms bound it to +-5.77.
   */
  normal(): number {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal;
      this.spareNormal = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform(); // radians
    this.spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}
