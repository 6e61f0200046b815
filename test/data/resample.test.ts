/** @file Resizing against cases worked by hand and a direct sum in two dimensions. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Picture } from "../../src/data/dataset.js";
import { Resampler } from "../../src/data/resample.js";
import type { AxisSpan } from "../../src/data/resample.js";
import { speckled } from "./fixtures.js";

const whole = (inLength: number, outLength: number): AxisSpan => ({
  inFirst: 0,
  inLength,
  outLength,
  windowFirst: 0,
  windowLength: outLength,
  reversed: false,
});

function resize(picture: Picture, columns: AxisSpan, rows: AxisSpan): Float32Array {
  const size = columns.windowLength;
  const planes = new Float32Array(picture.channels * size * size);
  new Resampler(size).resample(picture, columns, rows, planes);
  return planes;
}

const resizeWhole = (picture: Picture, size: number): Float32Array =>
  resize(picture, whole(picture.width, size), whole(picture.height, size));

function close(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(found.length, expected.length);
  for (let at = 0; at < found.length; at++) {
    const difference = Math.abs((found[at] ?? NaN) - (expected[at] ?? NaN));
    assert.ok(difference < 1e-6, `position ${at}: found ${found[at]}, expected ${expected[at]}`);
  }
}

/** The definition: every output pixel a mean under a two-dimensional tent, in float64. */
function tentMean({ width, height, channels, data }: Picture, size: number): number[] {
  const tent = (length: number, out: number, at: number): number => {
    const scale = length / size;
    return Math.max(0, 1 - Math.abs(at + 0.5 - (out + 0.5) * scale) / Math.max(1, scale));
  };
  const result: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    for (let out = 0; out < size * size; out++) {
      let sum = 0;
      let total = 0;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const weight = tent(height, Math.floor(out / size), y) * tent(width, out % size, x);
          sum += (weight * (data[(y * width + x) * channels + channel] ?? NaN)) / 255;
          total += weight;
        }
      }
      result.push(sum / total);
    }
  }
  return result;
}

describe("Resampler", () => {
  it("shrinks a row of four to two with the weights 3/7, 3/7, 1/7", () => {
    // Output pixel 0 is centred at 1, the tent is 2 wide: centres 0.5, 1.5, 2.5 weigh 0.75, 0.75, 0.25.
    const row = [70, 140, 210, 35];
    const data = Uint8Array.from([...row, ...row, ...row, ...row]);
    const left = (3 * 70 + 3 * 140 + 210) / 7 / 255;
    const right = (140 + 3 * 210 + 3 * 35) / 7 / 255;
    close(resizeWhole({ width: 4, height: 4, channels: 1, data }, 2), [left, right, left, right]);
  });

  it("grows a row of two to four with the weights 1, 3/4, 1/4, 0", () => {
    const data = Uint8Array.of(0, 200, 0, 200);
    const row = [0, 50 / 255, 150 / 255, 200 / 255];
    close(resizeWhole({ width: 2, height: 2, channels: 1, data }, 4), [...row, ...row, ...row, ...row]);
  });

  it("changes nothing at equal size", () => {
    const picture = speckled(5, 5, 1);
    const expected = Float32Array.from(picture.data, (value) => value / 255);
    assert.deepEqual(resizeWhole(picture, 5), expected);
  });

  it("equals the mean over blocks on a ramp, away from the border, for whole factors", () => {
    // A tent and a box of equal centre agree on straight lines; at the border the tent is cut off.
    for (const factor of [2, 3, 4]) {
      const length = 6 * factor;
      const data = Uint8Array.from(
        { length: length * length },
        (_, at) => 3 * (at % length) + 5 * Math.floor(at / length),
      );
      const found = resizeWhole({ width: length, height: length, channels: 1, data }, 6);
      for (const y of [1, 2, 3, 4]) {
        for (const x of [1, 2, 3, 4]) {
          const middle = (out: number): number => (out + 0.5) * factor - 0.5;
          close([found[6 * y + x] ?? NaN], [(3 * middle(x) + 5 * middle(y)) / 255]);
        }
      }
    }
  });

  it("is the mean under a tent at any size, for one and three channels", () => {
    const edge = fc.integer({ min: 1, max: 17 });
    fc.assert(
      fc.property(edge, edge, edge, fc.constantFrom(1, 3), (width, height, size, channels) => {
        const picture = speckled(width, height, channels);
        close(resizeWhole(picture, size), tentMean(picture, size));
      }),
      { numRuns: 60 },
    );
  });

  it("sees nothing outside the part it is given", () => {
    const picture = speckled(9, 8, 3);
    const part: number[] = [];
    for (let y = 1; y < 6; y++)
      for (let at = 0; at < 12; at++) part.push(picture.data[(y * 9 + 2) * 3 + at] ?? 0);
    const cut: Picture = { width: 4, height: 5, channels: 3, data: Uint8Array.from(part) };
    const found = resize(picture, { ...whole(4, 3), inFirst: 2 }, { ...whole(5, 3), inFirst: 1 });
    assert.deepEqual(found, resizeWhole(cut, 3));
  });

  it("writes a window of the whole result", () => {
    const picture = speckled(12, 12, 1);
    const full = resizeWhole(picture, 7);
    const window = { windowFirst: 2, windowLength: 3 };
    const found = resize(picture, { ...whole(12, 7), ...window }, { ...whole(12, 7), ...window });
    const rows = [2, 3, 4].flatMap((y) => [...full.subarray(7 * y + 2, 7 * y + 5)]);
    assert.deepEqual(found, Float32Array.from(rows));
  });

  it("mirrors bit for bit when reversed", () => {
    const picture = speckled(11, 6, 1);
    const plain = resizeWhole(picture, 4);
    const found = resize(picture, { ...whole(11, 4), reversed: true }, whole(6, 4));
    const mirrored = [0, 1, 2, 3].flatMap((y) => [...plain.subarray(4 * y, 4 * y + 4)].reverse());
    assert.deepEqual(found, Float32Array.from(mirrored));
  });

  it("gives the same bits from used buffers as from fresh ones", () => {
    const used = new Resampler(5);
    const planes = new Float32Array(3 * 25);
    used.resample(speckled(40, 3, 3), whole(40, 5), whole(3, 5), planes);
    used.resample(speckled(7, 9, 3), whole(7, 5), whole(9, 5), planes);
    assert.deepEqual(planes, resizeWhole(speckled(7, 9, 3), 5));
  });
});
