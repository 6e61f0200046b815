/** @file Thumbnails, drawn by the browser: as src/serve/collection/sprites.ts has them drawn in Node. */

import type { Picture } from "../../../data/dataset.js";
import { TILE } from "../../../serve/collection/packCollection.js";

/** Of JPEG: what people look at, small. */
const QUALITY = 0.85;

/** Each picture whole inside a square, the rest white; squares in rows of `columns`. */
export async function drawTiles(
  pictures: readonly Picture[],
  columns: number,
  type: "image/png" | "image/jpeg",
): Promise<Blob> {
  const rows = Math.ceil(pictures.length / columns);
  const canvas = new OffscreenCanvas(columns * TILE, rows * TILE);
  const context = canvas.getContext("2d")!;
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  pictures.forEach((picture, at) => {
    const [left, top] = [(at % columns) * TILE, Math.floor(at / columns) * TILE];
    const { width, height } = picture;
    const scale = TILE / Math.max(width, height);
    // A picture that has to grow keeps its pixels visible, as squares.
    context.imageSmoothingEnabled = scale < 1;
    context.imageSmoothingQuality = "high";
    const [wide, high] = [Math.max(1, Math.round(scale * width)), Math.max(1, Math.round(scale * height))];
    context.drawImage(
      canvasOf(picture),
      ...([left + ((TILE - wide) >> 1), top + ((TILE - high) >> 1), wide, high] as const),
    );
  });
  return canvas.convertToBlob({ type, quality: QUALITY });
}

function canvasOf({ width, height, channels, data }: Picture): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * pixel + channel] = data[channels * pixel + (channel % channels)]!;
    }
    image.data[4 * pixel + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
