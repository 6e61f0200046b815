/** @file Pixels to PNG and JPEG bytes and to tiles of a wanted size, with sharp (libvips). */

import type { Picture } from "./dataset.js";
import { loadSharp } from "./decode.js";
import type { Raster } from "./sheet.js";
import type { Rgb } from "./transform.js";

/** @throws DataError (as a rejection) if sharp does not load */
export async function encodePng({ width, height, data }: Raster): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** Of JPEG, 1 to 100: what people look at, small. */
const QUALITY = 85;

/** @throws DataError (as a rejection) if sharp does not load */
export async function encodeJpeg({ width, height, data }: Raster): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/**
 * A picture as JPEG, made smaller where it is larger than wanted.
 * @param side pixels that neither width nor height exceed
 * @throws DataError (as a rejection) if sharp does not load
 */
export async function encodeSmaller(picture: Picture, side: number): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const { width, height, channels, data } = picture;
  return sharp(data, { raw: { width, height, channels } })
    .toColourspace("srgb")
    .resize(side, side, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/**
 * The whole of a picture inside a square, in its own shape, the rest filled with background. A picture that has to grow
 * keeps its pixels visible, as squares.
 * @param side of the square, pixels
 * @throws DataError (as a rejection) if sharp does not load
 */
export async function fitPicture(picture: Picture, side: number, [r, g, b]: Rgb): Promise<Raster> {
  const sharp = await loadSharp();
  const { width, height, channels, data } = picture;
  const kernel = Math.max(width, height) < side ? "nearest" : "lanczos3";
  const fitted = await sharp(data, { raw: { width, height, channels } })
    .toColourspace("srgb")
    .resize(side, side, { fit: "contain", background: { r, g, b }, kernel })
    .raw({ depth: "uchar" })
    .toBuffer();
  return { width: side, height: side, data: fitted };
}
