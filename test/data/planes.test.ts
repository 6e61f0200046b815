/** @file Planar pictures where vector code reaches them: the same values whatever their size and place. */

import assert from "node:assert/strict";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from "../../src/data/color.js";
import { createPlaneData, normalizePlane, type Planes } from "../../src/data/planes.js";
import { speckle } from "./fixtures.js";

const values = (length: number): Float32Array => Float32Array.from(speckle(length), (value) => value / 255);

function close(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(found.length, expected.length);
  for (let at = 0; at < found.length; at++) {
    assert.ok(Math.abs(found[at]! - expected[at]!) < 2e-6, `${at}: ${found[at]} for ${expected[at]}`);
  }
}

describe("planes", () => {
  const adjustments: [string, (planes: Planes) => void][] = [
    ["brightness", (planes) => adjustBrightness(planes, 1.3)],
    ["contrast", (planes) => adjustContrast(planes, 0.6)],
    ["saturation", (planes) => adjustSaturation(planes, 1.4)],
    ["hue", (planes) => adjustHue(planes, 0.2)],
  ];
  for (const [name, adjust] of adjustments) {
    it(`of any number of pixels have their ${name} adjusted pixel by pixel`, () => {
      // A picture of 24 pixels, in place, and its first pixels alone: all but contrast look at one pixel only,
      // and contrast at the mean, which is kept by repeating the picture.
      const whole = { channels: 3, pixels: 24, data: createPlaneData(72) } as const;
      for (let channel = 0; channel < 3; channel++) {
        for (let twin = 0; twin < 8; twin++) whole.data.set(values(9).subarray(3 * channel, 3 * channel + 3), 24 * channel + 3 * twin);
      } // prettier-ignore
      const part = { channels: 3, pixels: 3, data: values(9) } as const;
      adjust(whole);
      adjust(part);
      for (let channel = 0; channel < 3; channel++) {
        close(
          part.data.subarray(3 * channel, 3 * channel + 3),
          whole.data.subarray(24 * channel, 24 * channel + 3),
        );
      }
      assert.notDeepEqual(part.data, values(9));
    });
  }

  it("are normalized one by one, without touching their neighbours", () => {
    for (const pixels of [1, 4, 9, 25]) {
      const data = createPlaneData(3 * pixels + 3);
      data.set(values(3 * pixels));
      const target = data.subarray(2 * pixels);
      normalizePlane(data.subarray(pixels, 2 * pixels), target, 0.25, 0.5);
      close(
        target.subarray(0, pixels),
        values(3 * pixels)
          .subarray(pixels, 2 * pixels)
          .map((value) => (value - 0.25) / 0.5),
      );
      close(data.subarray(0, 2 * pixels), values(3 * pixels).subarray(0, 2 * pixels));
    }
  });
});
