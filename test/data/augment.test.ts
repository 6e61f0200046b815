/** @file What views are drawn, and from the picture to the network's input. */

import assert from "node:assert/strict";
import { drawView, recolor } from "../../src/data/augment.js";
import type { AugmentOptions, View } from "../../src/data/augment.js";
import { describeAugmentation } from "../../src/data/augmentOptions.js";
import { GaussianBlur } from "../../src/data/blur.js";
import type { Planes } from "../../src/data/color.js";
import type { Picture } from "../../src/data/dataset.js";
import { createTransform } from "../../src/data/transform.js";
import type { TransformOptions } from "../../src/data/transform.js";
import { RandomStream } from "../../src/random/philox.js";
import { speckled } from "./fixtures.js";

const OPTIONS: AugmentOptions = {
  cropScale: [0.2, 1],
  cropRatio: [3 / 4, 4 / 3],
  flip: 0.5,
  brightness: 0.4,
  contrast: 0.3,
  saturation: 1.2,
  hue: 0.1,
  gray: 0.2,
};

/** Drawn before there was a blur, when every view was jittered: seed 1, epoch 2, row 3, 500 × 375 pixels. */
const PINNED: View = {
  crop: { left: 2, top: 26, width: 385, height: 297 },
  flip: false,
  jitter: [
    { step: "contrast", amount: 1.2326680421829224 },
    { step: "hue", amount: 0.022040796279907224 },
    { step: "saturation", amount: 0.6166199207305909 },
    { step: "brightness", amount: 1.2069278240203856 },
  ],
  gray: true,
  blur: null,
};

/** Nothing happens to the picture. */
const OFF: AugmentOptions = {
  cropScale: [1, 1],
  cropRatio: [1, 1],
  flip: 0,
  brightness: 0,
  contrast: 0,
  saturation: 0,
  hue: 0,
  gray: 0,
};

const PLAIN: TransformOptions = {
  transform: { kind: "augment", options: OFF },
  imageSize: 4,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  seed: 1,
};

function run(options: TransformOptions, picture: Picture, epoch = 0, row = 0): Float32Array {
  const out = new Float32Array(3 * options.imageSize ** 2);
  createTransform(options)(picture, epoch, row, out, 0);
  return out;
}

/** Values from 0 to 1, planar, of a picture as it is. */
function planar({ width, height, channels, data }: Picture): Float32Array {
  const pixels = width * height;
  return Float32Array.from({ length: 3 * pixels }, (_, at) => {
    const channel = Math.floor(at / pixels) % channels;
    return (data[(at % pixels) * channels + channel] ?? NaN) / 255;
  });
}

describe("drawView", () => {
  const views = Array.from({ length: 6000 }, (_, row) =>
    drawView(new RandomStream(1, "v", row), OPTIONS, 32, 32),
  );
  const amounts = (step: string): number[] =>
    views.flatMap(({ jitter }) => jitter.filter((part) => part.step === step).map(({ amount }) => amount));

  it("draws factors from max(0, 1 - x) to 1 + x and hue from -x to x", () => {
    const ranges = { brightness: [0.6, 1.4], contrast: [0.7, 1.3], saturation: [0, 2.2], hue: [-0.1, 0.1] };
    for (const [step, [low = 0, high = 0]] of Object.entries(ranges)) {
      const drawn = amounts(step);
      const slack = (high - low) / 100;
      assert.equal(drawn.length, 6000);
      assert.ok(Math.min(...drawn) >= low && Math.min(...drawn) < low + slack, step);
      assert.ok(Math.max(...drawn) <= high && Math.max(...drawn) > high - slack, step);
    }
  });

  it("keeps the views that runs have been trained on, so that they can be resumed", () => {
    const view = drawView(new RandomStream(1, "augment", 2, 3), OPTIONS, 500, 375);
    assert.deepEqual(view, PINNED);
  });

  it("leaves the jitter out when asked, and nothing else with it", () => {
    const draw = (options: AugmentOptions): View => drawView(new RandomStream(9, "v"), options, 32, 32);
    const without = draw({ ...OPTIONS, jitterProbability: 0 });
    assert.deepEqual(without, { ...draw(OPTIONS), jitter: [] });
  });

  it("blurs without changing any other draw", () => {
    const draw = (options: AugmentOptions): View => drawView(new RandomStream(9, "v"), options, 32, 32);
    const blurred = draw({ ...OPTIONS, blur: 1, blurSigma: [3, 3] });
    assert.deepEqual(blurred, { ...draw(OPTIONS), blur: 3 });
  });

  it("leaves all other draws as they were when one part is switched off", () => {
    const draw = (options: AugmentOptions): View => drawView(new RandomStream(9, "v"), options, 32, 32);
    const { crop, gray, jitter } = draw(OPTIONS);
    const without = draw({ ...OPTIONS, flip: 0, hue: 0 });
    assert.deepEqual([without.crop, without.gray], [crop, gray]);
    const others = (parts: View["jitter"]) => parts.filter(({ step }) => step !== "hue");
    assert.deepEqual(others(without.jitter), others(jitter));
  });
});

describe("recolor", () => {
  const view: View = {
    crop: { left: 0, top: 0, width: 1, height: 1 },
    flip: false,
    jitter: [{ step: "saturation", amount: 2 }],
    gray: true,
    blur: null,
  };
  const recolored = (grayFirst: boolean): number => {
    const planes: Planes = { channels: 3, pixels: 1, data: Float32Array.of(1, 0, 0) };
    recolor(planes, view, { ...OPTIONS, grayFirst });
    return planes.data[0] ?? NaN;
  };

  it("turns gray after the jitter, or before it when asked", () => {
    // Doubling red's saturation: 2 - 0.2989 cut to 1, others -0.2989 cut to 0; so gray stays 0.2989.
    assert.ok(Math.abs(recolored(false) - 0.2989) < 1e-6);
    // Gray first: 2 * 0.2989 - 0.9999 * 0.2989.
    assert.ok(Math.abs(recolored(true) - 1.0001 * 0.2989) < 1e-6);
  });
});

describe("describeAugmentation", () => {
  it("says everything in one line", () => {
    assert.equal(
      describeAugmentation(OPTIONS),
      "crop 0.2-1 of the area, ratio 0.75-1.333, flip 0.5, " +
        "jitter brightness 0.4 contrast 0.3 saturation 1.2 hue 0.1, gray 0.2",
    );
  });

  it("says how often there is jitter and blur, where it is not always and never", () => {
    const options: AugmentOptions = { ...OPTIONS, jitterProbability: 0.8, blur: 0.5, grayFirst: true };
    const end = "gray 0.2, jitter brightness 0.4 contrast 0.3 saturation 1.2 hue 0.1 with probability 0.8, ";
    assert.ok(describeAugmentation(options).endsWith(`${end}blur 0.5 sigma 0.1-2`));
    const given: AugmentOptions = { ...options, blurSigma: [1, 1.5], blurKernel: 9 };
    assert.ok(describeAugmentation(given).endsWith("blur 0.5 sigma 1-1.5 kernel 9"));
  });
});

describe("createTransform", () => {
  it("passes a picture through when every part is off, gray to all three channels", () => {
    for (const channels of [1, 3] as const) {
      const picture = speckled(4, 4, channels);
      assert.deepEqual(run(PLAIN, picture), planar(picture));
    }
  });

  it("flips left and right", () => {
    const picture = speckled(4, 4, 1);
    const options: TransformOptions = {
      ...PLAIN,
      transform: { kind: "augment", options: { ...OFF, flip: 1 } },
    };
    const rows = Array.from({ length: 12 }, (_, row) =>
      [...planar(picture).subarray(4 * row, 4 * row + 4)].reverse(),
    );
    assert.deepEqual(run(options, picture), Float32Array.from(rows.flat()));
  });

  it("subtracts each channel's mean and divides by its spread, at the offset it is given", () => {
    const picture: Picture = { width: 1, height: 1, channels: 3, data: Uint8Array.of(0, 51, 255) };
    const options: TransformOptions = { ...PLAIN, imageSize: 1, mean: [0.5, 0.1, 0], std: [0.25, 0.5, 2] };
    const out = new Float32Array(5).fill(9);
    createTransform(options)(picture, 0, 0, out, 1);
    assert.deepEqual(out, Float32Array.of(9, -2, 0.2, 0.5, 9));
  });

  it("gives the same view for the same seed, epoch and row, and another for any other", () => {
    const options: TransformOptions = { ...PLAIN, transform: { kind: "augment", options: OPTIONS } };
    const picture = speckled(9, 7, 3);
    const first = run(options, picture, 2, 3);
    assert.deepEqual(run(options, picture, 2, 3), first);
    for (const other of [
      run({ ...options, seed: 2 }, picture, 2, 3),
      run(options, picture, 3, 3),
      run(options, picture, 2, 4),
    ]) {
      assert.notDeepEqual(other, first);
    }
  });

  it("keeps every value in [0, 1] before normalization, for pictures smaller and larger than the output", () => {
    const options: TransformOptions = { ...PLAIN, transform: { kind: "augment", options: OPTIONS } };
    for (const [width, height] of [
      [1, 1],
      [2, 1],
      [3, 50],
      [64, 48],
    ] as const) {
      for (const channels of [1, 3] as const) {
        const out = run(options, speckled(width, height, channels));
        assert.ok(out.every((value) => value >= 0 && value <= 1));
      }
    }
  });

  it("blurs after the colours, by a kernel of a tenth of the view unless one is given", () => {
    const picture = speckled(40, 40, 3);
    // Brightness is cut at 1, so that a blur before it would give something else.
    const options: AugmentOptions = { ...OFF, brightness: 2, gray: 0.5, blur: 1 };
    const seen = (given: AugmentOptions): Float32Array =>
      run({ ...PLAIN, imageSize: 40, transform: { kind: "augment", options: given } }, picture);
    const view = drawView(new RandomStream(PLAIN.seed, "augment", 0, 0), options, 40, 40);
    const planes: Planes = { channels: 3, pixels: 1600, data: planar(picture) };
    recolor(planes, view, options);
    new GaussianBlur(40, 5).blur(planes, view.blur!);
    assert.deepEqual(seen(options), planes.data);
    assert.deepEqual(seen({ ...options, blurKernel: 5 }), planes.data);
    assert.notDeepEqual(seen({ ...options, blurKernel: 3 }), planes.data);
    assert.notDeepEqual(seen({ ...options, blur: 0 }), planes.data);
  });

  it("evaluates a picture of the right size as it is", () => {
    const picture = speckled(4, 4, 3);
    assert.deepEqual(run({ ...PLAIN, transform: { kind: "evaluate" } }, picture), planar(picture));
  });

  it("evaluates the centre of a larger picture", () => {
    // Shorter edge 4 stays 4; of 8 columns the middle four are 2 ... 5.
    const picture = speckled(8, 4, 1);
    const rows = [0, 1, 2, 3].flatMap((y) => [...picture.data.subarray(8 * y + 2, 8 * y + 6)]);
    const centre: Picture = { width: 4, height: 4, channels: 1, data: Uint8Array.from(rows) };
    assert.deepEqual(run({ ...PLAIN, transform: { kind: "evaluate" } }, picture), planar(centre));
  });

  it("resizes the shorter edge before it takes the centre", () => {
    // 12 x 6 to 8 x ... of shorter edge 6: unchanged; the middle 4 x 4 begins at column 4, row 1.
    const picture = speckled(12, 6, 1);
    const rows = [1, 2, 3, 4].flatMap((y) => [...picture.data.subarray(12 * y + 4, 12 * y + 8)]);
    const centre: Picture = { width: 4, height: 4, channels: 1, data: Uint8Array.from(rows) };
    assert.deepEqual(run({ ...PLAIN, transform: { kind: "evaluate", resize: 6 } }, picture), planar(centre));
  });

  it("refuses options out of range and lists them all", () => {
    const bad: AugmentOptions = {
      ...OPTIONS,
      cropScale: [0, 1],
      cropRatio: [2, 1],
      flip: 1.5,
      brightness: -1,
      hue: 0.6,
      jitterProbability: -0.1,
      blur: 2,
      blurSigma: [0, 1],
      blurKernel: 4,
    };
    assert.throws(
      () =>
        createTransform({
          transform: { kind: "augment", options: bad },
          imageSize: 0,
          mean: [0, 0, NaN],
          std: [1, 0, 1],
          seed: -1,
        }),
      (error: Error) => {
        assert.equal(error.name, "UsageError");
        const expected = [
          "cropScale: found 0,1", "cropRatio: found 2,1", "flip: found 1.5", "brightness: found -1", "hue: found 0.6",
          "jitterProbability: found -0.1", "blur: found 2", "blurSigma: found 0,1", "blurKernel: found 4",
          "imageSize: found 0", "mean: found 0, 0, NaN", "std: found 1, 0, 1", "seed: found -1",
        ]; // prettier-ignore
        for (const part of expected) assert.ok(error.message.includes(part), part);
        return true;
      },
    );
  });

  it("refuses to cut a centre larger than the resized picture", () => {
    assert.throws(() => createTransform({ ...PLAIN, transform: { kind: "evaluate", resize: 3 } }), {
      name: "UsageError",
      message: /resize: found 3, expected whole pixels, at least imageSize \(4\)/,
    });
  });
});
