/** @file Whether an array of numbers is finite, cheaply enough to ask after every batch. */

/**
 * One addition a number: a sum of float32 in float64 cannot overflow, so it is finite if and only if all of them are.
 * Four sums at once, as each addition would wait for the one before.
 */
export function allFinite(data: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 4);
  for (let at = 0; at < whole; at += 4) {
    a += data[at]!;
    b += data[at + 1]!;
    c += data[at + 2]!;
    d += data[at + 3]!;
  }
  for (let at = whole; at < data.length; at++) a += data[at]!;
  return Number.isFinite(a + b + c + d);
}
