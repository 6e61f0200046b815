/** @file CRC-32C (Castagnoli), as TensorBoard's records carry it. Source: RFC 3720, appendix B.4. */

import { crcOf } from "./crc32.js";

/** @returns uint32 */
export const crc32c = crcOf(0x82f63b78);

const MASK_DELTA = 0xa282ead8;

/** Turned and shifted, so that a checksum of bytes that hold checksums is none of them. Source: LevelDB. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}
