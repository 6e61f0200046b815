/**
 * @file SHA-256 where there is no library for it: a page's own is missing on plain HTTP, and answers late everywhere.
 * Source: NIST, FIPS 180-4, sections 4.2.2, 5 and 6.2
 */

const BLOCK_BYTES = 64;
const ROUNDS = 64;

/** First 32 bits of the fractional parts of a root of each of the first primes. */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const words: number[] = [];
  for (let candidate = 2; words.length < count; candidate++) {
    if (isPrime(candidate)) words.push((root(candidate) % 1) * 2 ** 32);
  }
  return Int32Array.from(words, (word) => word | 0);
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++)
    if (candidate % divisor === 0) return false;
  return true;
}

const START = fractions(8, Math.sqrt);
const CONSTANTS = fractions(ROUNDS, Math.cbrt);

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** Of the parts one after another, in hexadecimal. */
export function sha256(...parts: readonly Uint8Array[]): string {
  const state = Int32Array.from(START);
  const block = new Uint8Array(BLOCK_BYTES);
  let filled = 0;
  let length = 0;
  const take = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(BLOCK_BYTES - filled, bytes.length - at);
      block.set(bytes.subarray(at, at + count), filled);
      at += count;
      filled += count;
      if (filled < BLOCK_BYTES) continue;
      compress(state, block);
      filled = 0;
    }
  };
  for (const part of parts) {
    take(part);
    length += part.length;
  }
  take(padding(length));
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** One bit, zeros, and the length in bits: up to the end of a block. */
function padding(length: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES - ((length + 8) % BLOCK_BYTES) + 8);
  bytes[0] = 0x80;
  new DataView(bytes.buffer).setBigUint64(bytes.length - 8, 8n * BigInt(length));
  return bytes;
}

const words = new Int32Array(ROUNDS);

function compress(state: Int32Array, block: Uint8Array): void {
  for (let at = 0; at < 16; at++) {
    const first = 4 * at;
    words[at] =
      (block[first]! << 24) | (block[first + 1]! << 16) | (block[first + 2]! << 8) | block[first + 3]!;
  }
  for (let at = 16; at < ROUNDS; at++) {
    const [near, far] = [words[at - 2]!, words[at - 15]!];
    const low = rotate(far, 7) ^ rotate(far, 18) ^ (far >>> 3);
    const high = rotate(near, 17) ^ rotate(near, 19) ^ (near >>> 10);
    words[at] = (words[at - 16]! + low + words[at - 7]! + high) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let round = 0; round < ROUNDS; round++) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const upper = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const lower = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const first = (h + upper + choice + CONSTANTS[round]! + words[round]!) | 0;
    [h, g, f, e] = [g, f, e, (d + first) | 0];
    [d, c, b, a] = [c, b, a, (first + lower + majority) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, at) => (state[at] = state[at]! + word));
}
