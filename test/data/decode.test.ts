/** @file Kinds of picture files beyond the plain ones: each comes out upright, opaque, 8 bits, and like it looks. */

import assert from "node:assert/strict";
import sharp from "sharp";
import type { Sharp } from "sharp";
import type { Picture } from "../../src/data/dataset.js";
import { decodePicture } from "../../src/data/decode.js";
import { hasPictureExtension } from "../../src/data/pictureNames.js";

/** Left half of one colour, right half of another: [height 16, width 32]. */
function halves(left: string, right: string): Sharp {
  const half = (background: string) =>
    ({ create: { width: 16, height: 16, channels: 3, background } }) as const;
  return sharp({ create: { width: 32, height: 16, channels: 3, background: "white" } }).composite([
    { input: half(left), left: 0, top: 0 },
    { input: half(right), left: 16, top: 0 },
  ]);
}

const pixel = ({ data, width, channels }: Picture, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels),
];

function assertNear(found: number[], expected: number[], most: number): void {
  assert.equal(found.length, expected.length);
  const far = found.some((value, at) => Math.abs(value - expected[at]!) > most);
  assert.ok(!far, `found ${found.join(" ")}, expected ${expected.join(" ")}`);
}

describe("decodePicture on less common files", () => {
  const kinds: [string, (picture: Sharp) => Sharp, number][] = [
    ["a progressive JPEG", (picture) => picture.jpeg({ progressive: true, quality: 95 }), 4],
    ["a JPEG without chroma subsampling", (picture) => picture.jpeg({ chromaSubsampling: "4:4:4" }), 4],
    ["an interlaced PNG", (picture) => picture.png({ progressive: true }), 0],
    ["a PNG with a palette", (picture) => picture.png({ palette: true, colours: 4 }), 1],
    ["a PNG of 16 bits", (picture) => picture.toColourspace("rgb16").png(), 0],
    ["a TIFF of 16 bits", (picture) => picture.toColourspace("rgb16").tiff({ compression: "lzw" }), 0],
    ["a TIFF in CMYK", (picture) => picture.toColourspace("cmyk").tiff({ compression: "lzw" }), 60],
    ["a JPEG in CMYK", (picture) => picture.toColourspace("cmyk").jpeg({ quality: 95 }), 60],
    ["a lossless WebP", (picture) => picture.webp({ lossless: true }), 0],
  ];
  for (const [name, encode, most] of kinds) {
    it(`reads ${name}`, async () => {
      const picture = await decodePicture(await encode(halves("#c02040", "#20a0e0")).toBuffer(), name);
      assert.deepEqual([picture.width, picture.height, picture.channels], [32, 16, 3]);
      assertNear(pixel(picture, 4, 8), [0xc0, 0x20, 0x40], most);
      assertNear(pixel(picture, 27, 8), [0x20, 0xa0, 0xe0], most);
    });
  }

  it("lays a transparent palette entry over white", async () => {
    const rgba = new Uint8Array(4 * 64).fill(0);
    for (let at = 0; at < 32; at++) rgba.set([255, 0, 0, 255], 4 * at); // upper half red, lower transparent
    const raw = { width: 8, height: 8, channels: 4 } as const;
    for (const bytes of [
      await sharp(rgba, { raw }).png({ palette: true }).toBuffer(),
      await sharp(rgba, { raw }).gif().toBuffer(),
      await sharp(rgba, { raw }).webp({ lossless: true }).toBuffer(),
    ]) {
      const picture = await decodePicture(bytes, "palette");
      assertNear(pixel(picture, 3, 1), [255, 0, 0], 1);
      assertNear(pixel(picture, 3, 6), [255, 255, 255], 0);
    }
  });

  it("lays 16-bit and gray transparency over white", async () => {
    const half = Uint8Array.from({ length: 4 * 16 }, (_, at) => (at % 4 === 3 ? 128 : 0)); // half opaque black
    const picture = sharp(half, { raw: { width: 4, height: 4, channels: 4 } });
    for (const space of ["rgb16", "b-w", "grey16"] as const) {
      const decoded = await decodePicture(await picture.clone().toColourspace(space).png().toBuffer(), space);
      assert.equal(decoded.channels, 1);
      assertNear(pixel(decoded, 1, 1), [127], 1);
    }
  });

  for (const format of ["gif", "webp"] as const) {
    it(`takes the first frame of an animated ${format}`, async () => {
      const [red, blue] = [Buffer.alloc(3 * 64), Buffer.alloc(3 * 64)];
      for (let at = 0; at < 64; at++) red.set([255, 0, 0], 3 * at);
      for (let at = 0; at < 64; at++) blue.set([0, 0, 255], 3 * at);
      const raw = { width: 8, height: 16, channels: 3, pageHeight: 8 } as const;
      const bytes = await sharp(Buffer.concat([red, blue]), { raw })
        .toFormat(format)
        .toBuffer();
      assert.equal((await sharp(bytes).metadata()).pages, 2);
      const picture = await decodePicture(bytes, "animated");
      assert.deepEqual([picture.width, picture.height], [8, 8]);
      assertNear(pixel(picture, 2, 2), [255, 0, 0], 3);
    });
  }

  it("turns a picture by each of the eight EXIF orientations", async () => {
    // Stored: a red left half. Upright it lies left, right, right, left, top, top, bottom or bottom.
    const side = ["left", "right", "right", "left", "top", "top", "bottom", "bottom"];
    const places = { left: [2, 8], right: [-3, 8], top: [8, 2], bottom: [8, -3] } as const;
    for (let orientation = 1; orientation <= 8; orientation++) {
      const bytes = await halves("#ff0000", "#0000ff").withMetadata({ orientation }).png().toBuffer();
      const picture = await decodePicture(bytes, `orientation ${orientation}`);
      const [x, y] = places[side[orientation - 1] as keyof typeof places];
      const from = (at: number, length: number) => (at < 0 ? length + at : at);
      const upright = pixel(picture, from(x, picture.width), from(y, picture.height));
      assertNear(upright, [255, 0, 0], 0);
      assert.equal(picture.width, orientation < 5 ? 32 : 16);
    }
  });

  it("converts a picture with a colour profile to sRGB", async () => {
    const bytes = await halves("#ff0000", "#00ff00").withIccProfile("p3").png().toBuffer();
    const picture = await decodePicture(bytes, "p3");
    assertNear(pixel(picture, 4, 8), [255, 0, 0], 6); // without the profile P3's red would read about 234, 51, 35
  });

  it("reads pictures of one pixel and of one row", async () => {
    for (const [width, height] of [[1, 1], [20_000, 1]] as const) {
      const bytes = await sharp({ create: { width, height, channels: 3, background: "#102030" } }).png().toBuffer();
      const picture = await decodePicture(bytes, "thin");
      assert.deepEqual([picture.width, picture.height, pixel(picture, 0, 0)], [width, height, [16, 32, 48]]);
    }
  }); // prettier-ignore

  it("refuses more pixels than sharp's limit by the header alone", async () => {
    const bytes = await halves("#ff0000", "#0000ff").jpeg().toBuffer();
    const frame = bytes.indexOf(Uint8Array.of(0xff, 0xc0)); // then length (2), precision (1), height (2), width (2)
    bytes.writeUInt16BE(16_384, frame + 5);
    bytes.writeUInt16BE(16_384, frame + 7);
    await assert.rejects(decodePicture(bytes, "bomb.jpg"), {
      name: "DataError",
      message: /^bomb\.jpg: found bytes that do not decode \(Input image exceeds pixel limit\)/,
    });
  });
});

describe("hasPictureExtension", () => {
  it("goes by the last part of the name, in any case", () => {
    const names = ["a.JPG", "a.b.TiFf", "x.png.txt", ".png", "png", "a.svg", "a.avif"];
    assert.deepEqual(names.filter(hasPictureExtension), ["a.JPG", "a.b.TiFf", "a.avif"]);
  });
});
