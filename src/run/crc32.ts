/** @file Cyclic redundancy checks of 32 bits, reflected. Source: Sarwate 1988, by a table of bytes. */

/**
 * @param polynomial with its bits reversed
 * @returns what gives the uint32 checksum of bytes
 */
export function crcOf(polynomial: number): (bytes: Uint8Array) => number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
    }
    return remainder;
  });
  return (bytes) => {
    let remainder = 0xffffffff;
    for (const byte of bytes) remainder = table[(remainder ^ byte) & 0xff]! ^ (remainder >>> 8);
    return ~remainder >>> 0;
  };
}

/** As zip files carry it. Source: ISO 3309. */
export const crc32 = crcOf(0xedb88320);
