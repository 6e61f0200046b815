/** @file Colour adjustments on pixels worked by hand. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  turnGray,
} from "../../src/data/color.js";
import type { Planes } from "../../src/data/color.js";

type Rgb = readonly [number, number, number];

function planesOf(...pixels: Rgb[]): Planes {
  const data = Float32Array.from(
    [0, 1, 2].flatMap((channel) => pixels.map((pixel) => pixel[channel] ?? NaN)),
  );
  return { channels: 3, pixels: pixels.length, data };
}

function close(planes: Planes, ...expected: Rgb[]): void {
  const want = planesOf(...expected).data;
  planes.data.forEach((value, at) => {
    assert.ok(
      Math.abs(value - (want[at] ?? NaN)) < 2e-6,
      `found ${planes.data.join(" ")}, expected ${want.join(" ")}`,
    );
  });
}

describe("colour adjustments", () => {
  it("brighten by multiplying and cut at 1", () => {
    const planes = planesOf([0.2, 0.5, 0.9], [0, 1, 0.4]);
    adjustBrightness(planes, 1.5);
    close(planes, [0.3, 0.75, 1], [0, 1, 0.6]);
  });

  it("change contrast around the mean gray of the picture", () => {
    // Grays: 0.2989 for red, 0.114 for blue; mean 0.20645; half of the pixel, half of the mean.
    const planes = planesOf([1, 0, 0], [0, 0, 1]);
    adjustContrast(planes, 0.5);
    close(planes, [0.603225, 0.103225, 0.103225], [0.103225, 0.103225, 0.603225]);
  });

  it("raise contrast past the ends and cut at 0 and 1", () => {
    const planes: Planes = { channels: 1, pixels: 2, data: Float32Array.of(0.2, 0.8) }; // mean 0.5
    adjustContrast(planes, 2);
    assert.deepEqual(planes.data, Float32Array.of(0, 1));
  });

  it("change saturation around each pixel's own gray", () => {
    // Gray of green: 0.587. Factor 0.25: a quarter of the pixel, 0.75 * 0.587 = 0.44025.
    const planes = planesOf([0, 1, 0], [0.5, 0.5, 0.5]);
    adjustSaturation(planes, 0.25);
    close(planes, [0.44025, 0.69025, 0.44025], [0.4999625, 0.4999625, 0.4999625]); // weights sum to 0.9999
  });

  it("turn the colour wheel by a third: red to green to blue to red", () => {
    const planes = planesOf([1, 0, 0], [0, 1, 0], [0, 0, 1]);
    adjustHue(planes, 1 / 3);
    close(planes, [0, 1, 0], [0, 0, 1], [1, 0, 0]);
  });

  it("turn the colour wheel backwards through red", () => {
    const planes = planesOf([1, 0, 0], [0.6, 0.4, 0.2]);
    adjustHue(planes, -1 / 6);
    close(planes, [1, 0, 1], [0.6, 0.2, 0.4]); // orange, half a sextant past red, lands as far before magenta
  });

  it("show the complement after half a turn", () => {
    const planes = planesOf([0.8, 0.5, 0.2]);
    adjustHue(planes, 0.5);
    close(planes, [0.2, 0.5, 0.8]);
  });

  it("keep a pixel's largest and smallest value whatever the hue, and undo the turn", () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(unit, unit, unit, fc.double({ min: -0.5, max: 0.5, noNaN: true }), (r, g, b, turn) => {
        const planes = planesOf([r, g, b]);
        adjustHue(planes, turn);
        assert.ok(Math.abs(Math.max(...planes.data) - Math.max(r, g, b)) < 1e-6);
        assert.ok(Math.abs(Math.min(...planes.data) - Math.min(r, g, b)) < 1e-6);
        adjustHue(planes, -turn);
        // The hue of a nearly gray pixel is lost in float32 rounding, but so is its effect.
        [r, g, b].forEach((value, at) => assert.ok(Math.abs((planes.data[at] ?? NaN) - value) < 1e-5));
      }),
    );
  });

  it("turn gray with the luma weights", () => {
    const planes = planesOf([1, 0, 0], [0.2, 0.4, 0.6]);
    turnGray(planes);
    close(planes, [0.2989, 0.2989, 0.2989], [0.36298, 0.36298, 0.36298]);
  });

  it("leave a gray picture's absent colour alone", () => {
    const planes: Planes = { channels: 1, pixels: 2, data: Float32Array.of(0.25, 0.75) };
    adjustSaturation(planes, 0);
    adjustHue(planes, 0.3);
    turnGray(planes);
    assert.deepEqual(planes.data, Float32Array.of(0.25, 0.75));
  });
});
