/** @file IEEE 754 half precision and bfloat16, which JavaScript numbers of Node 20 cannot be stored as. */

/** The nearest of two neighbours; of two equally near, the even one. */
function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** The 16 bits of the half nearest to `value`. */
export function encodeHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00; // halfway between the largest half and 2^16: infinity
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  // Eleven significant bits in units of 2^(exponent - 10); a carry runs over into the exponent as it should.
  return sign | (((exponent + 14) << 10) + roundToEven(size / 2 ** (exponent - 10)));
}

export function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new DataView(new ArrayBuffer(4));

/** The 16 bits of the bfloat16 nearest to `value`: the upper half of a float32, rounded. */
export function encodeBfloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  word.setFloat32(0, value);
  return roundToEven(word.getUint32(0) / 2 ** 16);
}

export function decodeBfloat(bits: number): number {
  word.setUint32(0, bits * 2 ** 16);
  return word.getFloat32(0);
}
