/** @file Contact sheets: where tiles land, and what a PNG of them holds. */

import assert from "node:assert/strict";
import sharp from "sharp";
import { encodePng, fitPicture } from "../../src/data/encode.js";
import { composeTiles, enlarge, rasterOfInput, type Raster } from "../../src/data/sheet.js";
import { speckled } from "./fixtures.js";

const WHITE = [255, 255, 255] as const;

const dot = (red: number, width = 1, height = 1): Raster => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, (_, at) => (at % 3 === 0 ? red : 0)),
});

/** The red channel as rows of numbers. */
const reds = ({ width, height, data }: Raster): number[][] =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => data[3 * (y * width + x)]!),
  );

describe("composeTiles", () => {
  it("lays tiles out row by row with gaps between and around them", () => {
    const sheet = composeTiles([dot(1), dot(2), dot(3)], 2, { gap: 1, background: WHITE });
    assert.deepEqual(reds(sheet), [
      [255, 255, 255, 255, 255],
      [255, 1, 255, 2, 255],
      [255, 255, 255, 255, 255],
      [255, 3, 255, 255, 255],
      [255, 255, 255, 255, 255],
    ]);
    assert.deepEqual([...sheet.data.subarray(0, 3)], WHITE);
  });

  it("puts a small tile in the middle of a cell of the largest width and height", () => {
    const sheet = composeTiles([dot(7, 3, 1), dot(8, 1, 3)], 2, { gap: 0, background: [9, 0, 0] });
    assert.deepEqual(reds(sheet), [
      [9, 9, 9, 9, 8, 9],
      [7, 7, 7, 9, 8, 9],
      [9, 9, 9, 9, 8, 9],
    ]);
  });

  it("refuses to draw nothing, in no columns, or with half a gap", () => {
    const style = { gap: 0, background: WHITE };
    assert.throws(() => composeTiles([], 1, style), { name: "UsageError", message: /found 0 tiles/ });
    assert.throws(() => composeTiles([dot(1)], 0, style), { name: "UsageError", message: /0 columns/ });
    assert.throws(() => composeTiles([dot(1)], 1, { ...style, gap: 0.5 }), {
      name: "UsageError",
      message: /a gap of 0.5/,
    });
  });
});

describe("enlarge", () => {
  it("makes a square of every pixel", () => {
    const pair = composeTiles([dot(1), dot(2)], 2, { gap: 0, background: WHITE });
    assert.deepEqual(reds(enlarge(pair, 2)), [
      [1, 1, 2, 2],
      [1, 1, 2, 2],
    ]);
  });
});

describe("rasterOfInput", () => {
  it("undoes the normalization, rounds, and cuts off what no picture can show", () => {
    // 0.5 * 2 - 0.25 = 0.75 of 255 is 191.25; 1 * 0.5 + 0.5 = 1; 3 * 1 - 4 = -1.
    const raster = rasterOfInput(Float32Array.of(0.5, 1, 3), 1, { mean: [-0.25, 0.5, -4], std: [2, 0.5, 1] });
    assert.deepEqual(raster, { width: 1, height: 1, data: Uint8Array.of(191, 255, 0) });
  });
});

describe("encodePng", () => {
  it("keeps every pixel", async () => {
    const { width, height, data } = speckled(5, 3, 3);
    const png = await encodePng({ width, height, data });
    const decoded = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([decoded.info.width, decoded.info.height, decoded.info.channels], [5, 3, 3]);
    assert.deepEqual(new Uint8Array(decoded.data), data);
  });
});

describe("fitPicture", () => {
  it("shows all of a picture of any shape, gray in three channels", async () => {
    const wide = { width: 4, height: 2, channels: 1, data: new Uint8Array(8).fill(100) } as const;
    const tile = await fitPicture(wide, 4, [1, 2, 3]);
    assert.deepEqual(reds(tile), [
      [1, 1, 1, 1],
      [100, 100, 100, 100],
      [100, 100, 100, 100],
      [1, 1, 1, 1],
    ]);
    assert.deepEqual([...tile.data.subarray(12, 15)], [100, 100, 100]);
  });

  it("shows a hair of a picture", async () => {
    const tile = await fitPicture(speckled(2000, 1, 3), 8, WHITE);
    assert.deepEqual([tile.width, tile.height, tile.data.length], [8, 8, 192]);
  });
});
