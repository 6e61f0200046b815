/**
 * @file Small pictures laid out on one large one: contact sheets of views, strips of neighbours. Nothing here
 * imports Node; encode.ts makes files of what is drawn here.
 */

import { UsageError } from "../errors.js";
import type { Rgb } from "./transform.js";

/** A picture to be looked at: 8 bits, sRGB. */
export interface Raster {
  readonly width: number; // pixels, >= 1
  readonly height: number; // pixels, >= 1
  readonly data: Uint8Array; // [height, width, 3]
}

export interface SheetStyle {
  /** Pixels between tiles and around them. */
  readonly gap: number;
  /** Red, green and blue, 0 to 255, of gaps and of what a small tile leaves free. */
  readonly background: Rgb;
}

/**
 * Lays tiles out row by row. Every cell is as large as the widest and the highest tile ask for; a smaller tile
 * stands in the middle of its cell.
 * @param columns whole number, >= 1; a last row that is not full ends in background
 * @throws UsageError if there is no tile, or columns or gap are not whole numbers in range
 */
export function composeTiles(tiles: readonly Raster[], columns: number, style: SheetStyle): Raster {
  const { gap, background } = style;
  if (tiles.length === 0 || !isWhole(columns, 1) || !isWhole(gap, 0)) {
    throw new UsageError(
      `sheet: found ${tiles.length} tiles, ${columns} columns and a gap of ${gap}, expected at least one tile, ` +
        `one column and a gap of whole pixels; correct these`,
    );
  }
  const cellWidth = Math.max(...tiles.map((tile) => tile.width));
  const cellHeight = Math.max(...tiles.map((tile) => tile.height));
  const rows = Math.ceil(tiles.length / columns);
  const sheet = plain(gap + columns * (cellWidth + gap), gap + rows * (cellHeight + gap), background);
  tiles.forEach((tile, at) => {
    const left = gap + (at % columns) * (cellWidth + gap) + ((cellWidth - tile.width) >> 1);
    const top = gap + Math.floor(at / columns) * (cellHeight + gap) + ((cellHeight - tile.height) >> 1);
    paste(tile, sheet, left, top);
  });
  return sheet;
}

const isWhole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;

function plain(width: number, height: number, [red, green, blue]: Rgb): Raster {
  const data = new Uint8Array(3 * width * height);
  // Number by number: a call for each pixel takes many times as long.
  for (let at = 0; at < data.length; at += 3) {
    data[at] = red;
    data[at + 1] = green;
    data[at + 2] = blue;
  }
  return { width, height, data };
}

/** Copies a tile that lies inside the sheet. */
function paste(tile: Raster, sheet: Raster, left: number, top: number): void {
  const line = 3 * tile.width;
  for (let y = 0; y < tile.height; y++) {
    sheet.data.set(tile.data.subarray(y * line, (y + 1) * line), 3 * ((top + y) * sheet.width + left));
  }
}

/** Makes every pixel a square of `factor` × `factor` pixels, so that small pictures can be seen as they are. */
export function enlarge({ width, height, data }: Raster, factor: number): Raster {
  const line = 3 * width * factor;
  const large = new Uint8Array(line * height * factor);
  for (let y = 0; y < height; y++) {
    const start = y * factor * line;
    for (let at = 0; at < line; at++) {
      const x = Math.floor(at / (3 * factor));
      large[start + at] = data[3 * (y * width + x) + (at % 3)]!;
    }
    for (let copy = 1; copy < factor; copy++) large.copyWithin(start + copy * line, start, start + line);
  }
  return { width: width * factor, height: height * factor, data: large };
}

/**
 * Turns the network's input back into something to look at: value * std + mean, rounded to 8 bits, what lies
 * outside cut off.
 * @param values [3, size, size] float32, normalized
 */
export function rasterOfInput(
  values: Float32Array,
  size: number,
  { mean, std }: { readonly mean: Rgb; readonly std: Rgb },
): Raster {
  const pixels = size * size;
  const data = new Uint8Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    for (let at = 0; at < pixels; at++) {
      const value = values[channel * pixels + at]! * std[channel]! + mean[channel]!;
      data[3 * at + channel] = Math.min(255, Math.max(0, Math.round(255 * value)));
    }
  }
  return { width: size, height: size, data };
}
