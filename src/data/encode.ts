/** @file Pixels to PNG bytes and to tiles of a wanted size, with sharp (libvips). */

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
