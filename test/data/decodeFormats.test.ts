/** @file Pictures of every format and colour come out right, and what is none is refused with which words. */

import assert from "node:assert/strict";
import sharp from "sharp";
import type { Color, Sharp } from "sharp";
import { decodePicture } from "../../src/data/decode.js";
import type { Picture } from "../../src/data/dataset.js";
import { bombPng } from "../support/hostileFolder.js";
import { onlyPixel, plainPng, speckle } from "./fixtures.js";

describe("decodePicture", () => {
  const canvas = (background: Color, channels: 3 | 4 = 3): Sharp =>
    sharp({ create: { width: 3, height: 2, channels, background } });

  for (const format of ["jpeg", "png", "webp", "gif", "tiff", "avif"] as const) {
    it(`reads ${format}`, async () => {
      const picture = await decodePicture(await canvas("#ff8000").toFormat(format).toBuffer(), format);
      assert.deepEqual([picture.width, picture.height, picture.channels], [3, 2, 3]);
      const [red = 0, green = 0, blue = 0] = picture.data;
      assert.ok(Math.abs(red - 255) < 6 && Math.abs(green - 128) < 6 && blue < 6, `${red} ${green} ${blue}`);
    });
  }

  it("keeps a gray picture in one channel, also one saved in colour or with 16 bits", async () => {
    const gray = canvas("#808080");
    for (const bytes of [
      await gray.clone().toColourspace("b-w").png().toBuffer(),
      await gray.clone().png().toBuffer(),
      await gray.clone().toColourspace("grey16").png().toBuffer(),
    ]) {
      const picture = await decodePicture(bytes, "gray");
      assert.equal(picture.channels, 1);
      assert.deepEqual(onlyPixel(picture), [128]);
    }
  });

  it("lays transparency over white", async () => {
    const bytes = await canvas({ r: 255, g: 0, b: 0, alpha: 0.2 }, 4).png().toBuffer();
    assert.deepEqual(onlyPixel(await decodePicture(bytes, "red")), [255, 204, 204]);
  });

  it("turns a picture upright by its EXIF orientation", async () => {
    // Left pixel black, right pixel white; orientation 6: turn a quarter clockwise to show, so black on top.
    const raw = { width: 2, height: 1, channels: 3 } as const;
    const bytes = await sharp(Uint8Array.of(0, 0, 0, 255, 255, 255), { raw })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    const { width, height, data } = await decodePicture(bytes, "sideways");
    assert.deepEqual([width, height, [...data]], [1, 2, [0, 255]]);
  });

  it("converts CMYK to RGB", async () => {
    const picture = await decodePicture(
      await canvas("#ff0000").toColourspace("cmyk").jpeg().toBuffer(),
      "cmyk",
    );
    assert.equal(picture.channels, 3);
    const [red = 0, green = 0] = picture.data;
    assert.ok(red > 200 && green < 60);
  });

  const hostile: [string, () => Promise<Uint8Array> | Uint8Array, RegExp][] = [
    ["an empty file", () => Buffer.alloc(0), /found an empty file/],
    ["the web page a failed download left", () => Buffer.from("\n<!doctype html>"), /text that begins with "<!doctype html>"/],
    ["an error in JSON", () => Buffer.from('{"error":404}'), /text that begins with/],
    ["an SVG drawing", () => Buffer.from("\ufeff<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"), /text that begins with "<svg/],
    ["random bytes", () => speckle(5000), /bytes that do not decode \(Input buffer contains unsupported image format\)/],
    ["a JPEG cut in half", async () => (await sharp(speckle(30_000), { raw: { width: 100, height: 100, channels: 3 } }).jpeg().toBuffer()).subarray(0, 2000), /do not decode \(.*premature end/],
    ["a PNG cut in half", async () => (await sharp(speckle(30_000), { raw: { width: 100, height: 100, channels: 3 } }).png().toBuffer()).subarray(0, 2000), /do not decode/],
    ["a PNG header that claims 65,000 x 65,000 pixels", async () => {
      const bytes = await plainPng("red");
      bytes.writeUInt32BE(65_000, 16);
      bytes.writeUInt32BE(65_000, 20);
      return bytes;
    }, /do not decode/],
  ]; // prettier-ignore
  for (const [what, make, found] of hostile) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(decodePicture(await make(), "holiday.jpg"), (error: Error) => {
        assert.equal(error.name, "DataError");
        assert.match(error.message, found);
        assert.match(
          error.message,
          /^holiday\.jpg: found .* expected a whole picture .*; replace the file or take/,
        );
        return true;
      });
    });
  }
});

/** Left half red, right half green, the bottom row blue: no two of the eight orientations look alike. */
const FLAG = { width: 16, height: 8, channels: 3 } as const;
const RED = [255, 0, 0];
const GREEN = [0, 255, 0];
const BLUE = [0, 0, 255];

function flagColor(x: number, y: number): number[] {
  if (y >= FLAG.height / 2) return BLUE;
  return x < FLAG.width / 2 ? RED : GREEN;
}

function flag(): Sharp {
  const data = new Uint8Array(FLAG.width * FLAG.height * 3);
  for (let y = 0; y < FLAG.height; y++) {
    for (let x = 0; x < FLAG.width; x++) data.set(flagColor(x, y), (y * FLAG.width + x) * 3);
  }
  return sharp(data, { raw: FLAG });
}

const pixelAt = ({ data, width, channels }: Picture, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * channels, (y * width + x) * channels + channels),
];

/** Every pixel, but for those beside another colour's, whose colours a lossy format mixes. */
function assertFlag(picture: Picture, tolerance: number): void {
  assert.deepEqual([picture.width, picture.height, picture.channels], [FLAG.width, FLAG.height, 3]);
  for (let y = 0; y < FLAG.height; y++) {
    for (let x = 0; x < FLAG.width; x++) {
      if (tolerance > 0 && ([6, 7, 8, 9].includes(x) || [2, 3, 4, 5].includes(y))) continue;
      const found = pixelAt(picture, x, y);
      const difference = Math.max(...found.map((value, at) => Math.abs(value - flagColor(x, y)[at]!)));
      assert.ok(difference <= tolerance, `(${x}, ${y}): found ${found.join(", ")}`);
    }
  }
}

const LAST_X = FLAG.width - 1;
const LAST_Y = FLAG.height - 1;
/** Where each EXIF orientation stores the upright pixel (x, y). Source: CIPA DC-008, tag 0x0112. */
const STORED: readonly (readonly [number, (x: number, y: number) => readonly [number, number]])[] = [
  [1, (x, y) => [x, y]],
  [2, (x, y) => [LAST_X - x, y]],
  [3, (x, y) => [LAST_X - x, LAST_Y - y]],
  [4, (x, y) => [x, LAST_Y - y]],
  [5, (x, y) => [y, x]],
  [6, (x, y) => [y, LAST_X - x]],
  [7, (x, y) => [LAST_Y - y, LAST_X - x]],
  [8, (x, y) => [LAST_Y - y, x]],
];

/** The flag as a camera held otherwise would store it. */
function storedFlag(orientation: number, place: (typeof STORED)[number][1]): Sharp {
  const [width, height] = orientation < 5 ? [FLAG.width, FLAG.height] : [FLAG.height, FLAG.width];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < FLAG.height; y++) {
    for (let x = 0; x < FLAG.width; x++) {
      const [column, row] = place(x, y);
      data.set(flagColor(x, y), (row * width + column) * 3);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } }).withMetadata({ orientation });
}

describe("decodePicture, of each format", () => {
  const exact: [string, () => Sharp][] = [
    ["PNG", () => flag().png()],
    ["PNG with a palette", () => flag().png({ palette: true })],
    ["PNG with 16 bits", () => flag().toColourspace("rgb16").png()],
    ["PNG, interlaced", () => flag().png({ progressive: true })],
    ["PNG with alpha", () => flag().ensureAlpha().png()],
    ["lossless WebP", () => flag().webp({ lossless: true })],
    ["GIF", () => flag().gif()],
    ["TIFF", () => flag().tiff({ compression: "lzw" })],
    ["TIFF with 16 bits", () => flag().toColourspace("rgb16").tiff({ compression: "deflate" })],
  ];
  for (const [what, make] of exact) {
    it(`gives every pixel of a ${what}`, async () => {
      assertFlag(await decodePicture(await make().toBuffer(), what), 0);
    });
  }

  const near: [string, number, () => Sharp][] = [
    ["JPEG", 4, () => flag().jpeg({ quality: 100, chromaSubsampling: "4:4:4" })],
    [
      "progressive JPEG",
      4,
      () => flag().jpeg({ quality: 100, chromaSubsampling: "4:4:4", progressive: true }),
    ],
    ["WebP", 12, () => flag().webp({ quality: 100 })],
    ["AVIF", 12, () => flag().avif({ quality: 100, chromaSubsampling: "4:4:4" })],
  ];
  for (const [what, tolerance, make] of near) {
    it(`gives the colours of a ${what} within ${tolerance} of 255`, async () => {
      assertFlag(await decodePicture(await make().toBuffer(), what), tolerance);
    });
  }

  for (const [orientation, place] of STORED) {
    it(`turns a JPEG of EXIF orientation ${orientation} upright`, async () => {
      const jpeg = storedFlag(orientation, place).jpeg({ quality: 100, chromaSubsampling: "4:4:4" });
      assertFlag(await decodePicture(await jpeg.toBuffer(), "turned"), 4);
    });
  }

  it("gives the first frame of an animated GIF and WebP", async () => {
    const frames = await Promise.all(["#ff0000", "#0000ff"].map((color) => plainPng(color)));
    for (const format of ["gif", "webp"] as const) {
      const animated = sharp(frames, { join: { animated: true } });
      const bytes = await (format === "gif" ? animated.gif() : animated.webp({ lossless: true })).toBuffer();
      assert.equal((await sharp(bytes, { animated: true }).metadata()).pages, 2);
      const picture = await decodePicture(bytes, format);
      assert.deepEqual([picture.width, picture.height, onlyPixel(picture)], [3, 2, [255, 0, 0]]);
    }
  });

  it("lays gray with alpha over white", async () => {
    const raw = { width: 1, height: 1, channels: 2 } as const;
    const bytes = await sharp(Uint8Array.of(0, 51), { raw }).toColourspace("b-w").png().toBuffer();
    assert.equal((await sharp(bytes).metadata()).channels, 2);
    const picture = await decodePicture(bytes, "gray with alpha");
    assert.deepEqual([picture.channels, ...picture.data], [1, 204]); // 0.2 black, 0.8 white
  });

  it("gives a gray JPEG in one channel", async () => {
    const gray = sharp({ create: { width: 8, height: 8, channels: 3, background: "#404040" } });
    const bytes = await gray.toColourspace("b-w").jpeg({ quality: 100 }).toBuffer();
    assert.equal((await sharp(bytes).metadata()).channels, 1);
    const picture = await decodePicture(bytes, "gray");
    assert.deepEqual([picture.channels, onlyPixel(picture)], [1, [64]]);
  });

  it("rounds 16 bits to 8 rather than cutting them to the low byte", async () => {
    const raw = { width: 2, height: 1, channels: 1 } as const;
    const wide = Uint16Array.of(0x4100, 0xbeff);
    const bytes = await sharp(wide, { raw }).toColourspace("grey16").png().toBuffer();
    assert.equal((await sharp(bytes).metadata()).depth, "ushort");
    assert.deepEqual([...(await decodePicture(bytes, "16 bits")).data], [0x41, 0xbe]);
  });

  it("keeps extreme shapes: 1 x 1 and 20,000 x 1", async () => {
    for (const [width, height] of [
      [1, 1],
      [20_000, 1],
      [1, 20_000],
    ] as const) {
      const bytes = await sharp({ create: { width, height, channels: 3, background: "red" } })
        .png()
        .toBuffer();
      const picture = await decodePicture(bytes, "shape");
      assert.deepEqual([picture.width, picture.height], [width, height]);
    }
  });

  it("refuses a decompression bomb: 17,000 x 17,000 pixels in a small file", async () => {
    const bytes = bombPng(17_000); // sharp reads up to 268 million pixels
    assert.ok(bytes.length < 100_000);
    await assert.rejects(decodePicture(bytes, "bomb.png"), {
      name: "DataError",
      message: /^bomb\.png: found bytes that do not decode \(Input image exceeds pixel limit\)/,
    });
  });
});
