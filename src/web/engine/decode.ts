/**
 * @file Picture bytes to pixels by the browser's own decoders: upright, opaque over white, colours by the picture's own
 * profile into sRGB, as src/data/decode.ts does in Node. The two differ by 1 of 255 at most, but for CMYK, which they
 * convert in ways of their own.
 */

import type { Picture } from "../../data/dataset.js";
import { DataError } from "../../errors.js";

/**
 * @param where names the picture in errors
 * @param shortSide pixels that the shorter side is to have at most; default: as many as it has
 * @throws DataError (as a rejection) if the browser cannot read it
 */
export async function decodePicture(bytes: Blob, where: string, shortSide = Infinity): Promise<Picture> {
  const { createImageBitmap, OffscreenCanvas } = browser();
  // "none" would take the numbers of a phone's wide-gamut photo for sRGB.
  const options = { colorSpaceConversion: "default", imageOrientation: "from-image" };
  const bitmap = await createImageBitmap(bytes, options).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(
      `${where}: found ${bytes.size} bytes that do not decode (${reason}), expected a whole picture; ` +
        `choose a JPEG, PNG, WebP, GIF or AVIF file`,
      { cause: error },
    );
  });
  const scale = Math.min(1, shortSide / Math.min(bitmap.width, bitmap.height));
  const [width, height] = [Math.round(scale * bitmap.width), Math.round(scale * bitmap.height)];
  try {
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (context === null) throw tooLarge(where, width, height);
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    return pictureOfRgba(context.getImageData(0, 0, width, height).data, width, height);
  } finally {
    bitmap.close();
  }
}

/** @param rgba [height, width, 4], opaque */
function pictureOfRgba(rgba: ArrayLike<number>, width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from]!;
    data[to + 1] = rgba[from + 1]!;
    data[to + 2] = rgba[from + 2]!;
  }
  return { width, height, channels: 3, data };
}

function tooLarge(where: string, width: number, height: number): DataError {
  return new DataError(
    `${where}: found ${width} × ${height} pixels, expected as many as the browser can draw; scale it down`,
  );
}

/** The little of a browser that is used here: the package's own types do not ask for a browser's. */
interface Browser {
  createImageBitmap(bytes: Blob, options: Readonly<Record<string, string>>): Promise<Bitmap>;
  OffscreenCanvas: new (
    width: number,
    height: number,
  ) => {
    getContext(kind: "2d", options: { readonly willReadFrequently: boolean }): Context | null;
  };
}

interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface Context {
  fillStyle: string;
  imageSmoothingQuality: "low" | "medium" | "high";
  fillRect(x: number, y: number, width: number, height: number): void;
  drawImage(bitmap: Bitmap, x: number, y: number, width: number, height: number): void;
  getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
}

function browser(): Browser {
  return globalThis as unknown as Browser;
}
