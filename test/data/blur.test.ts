/** @file The Gaussian blur on pictures worked by hand; operations.test.ts compares it with torch. */

import assert from "node:assert/strict";
import { defaultBlurKernel } from "../../src/data/augmentOptions.js";
import { GaussianBlur } from "../../src/data/blur.js";

const LN2 = Math.log(2);
/** A neighbour weighs half of the centre: exp(-1 / (2 σ²)) = 1/2. */
const SIGMA = Math.sqrt(1 / (2 * LN2));

function blurred(size: number, kernel: number, sigma: number, values: readonly number[]): number[] {
  const data = Float32Array.from(values);
  new GaussianBlur(size, kernel).blur({ channels: 1, pixels: size * size, data }, sigma);
  return [...data];
}

function close(found: readonly number[], expected: readonly number[]): void {
  const wrong = found.findIndex((value, at) => !(Math.abs(value - expected[at]!) < 1e-6));
  assert.equal(wrong, -1, `found ${found.join(" ")}, expected ${expected.join(" ")}`);
}

describe("GaussianBlur", () => {
  it("spreads a point over its neighbours, the weights being 1/4, 1/2, 1/4 along each axis", () => {
    const point = Array.from({ length: 25 }, (_, at) => (at === 12 ? 1 : 0));
    const line = [0, 1 / 4, 1 / 2, 1 / 4, 0];
    close(
      blurred(5, 3, SIGMA, point),
      line.flatMap((down) => line.map((across) => down * across)),
    );
  });

  it("mirrors the picture at its border without repeating the last pixel", () => {
    // Rows of 0 0 4: the last pixel sees 0 4 0, the middle one 0 0 4, the first 0 0 0.
    close(blurred(3, 3, SIGMA, [0, 0, 4, 0, 0, 4, 0, 0, 4]), [0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it("mirrors as far as the picture reaches", () => {
    // All five weights are 1/5 where sigma is vast: row 3 6 9 goes on as 9 6 | 3 6 9 | 6 3.
    const rows = [33 / 5, 30 / 5, 27 / 5];
    close(blurred(3, 5, 1e6, [3, 6, 9, 3, 6, 9, 3, 6, 9]), [...rows, ...rows, ...rows]);
  });

  it("changes nothing with a kernel of one pixel or a sigma close to nothing", () => {
    const values = [0.1, 0.9, 0.4, 0.7].map(Math.fround);
    assert.deepEqual(blurred(2, 1, 2, values), values);
    assert.deepEqual(blurred(2, 3, 0.01, values), values);
  });

  it("gives the same bits from used buffers as from fresh ones, one plane as all three", () => {
    const plane = Array.from({ length: 36 }, (_, at) => ((at * 7) % 11) / 11);
    const data = Float32Array.from([...plane, ...plane, ...plane]);
    const blur = new GaussianBlur(6, 5);
    blur.blur({ channels: 1, pixels: 36, data: new Float32Array(36).fill(0.3) }, 4);
    blur.blur({ channels: 3, pixels: 36, data }, 1.1);
    const once = blurred(6, 5, 1.1, plane);
    assert.deepEqual([...data], [...once, ...once, ...once]);
  });
});

describe("defaultBlurKernel", () => {
  it("is a tenth of the view, odd, and never wider than the mirrored picture", () => {
    assert.deepEqual([224, 96, 32, 16, 2, 1].map(defaultBlurKernel), [23, 9, 3, 3, 3, 1]);
  });
});
