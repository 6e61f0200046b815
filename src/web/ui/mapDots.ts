/**
 * @file Dots written straight into pixels. A canvas fills ten thousand discs in tens of milliseconds without a GPU;
 * stamping them takes a few, so that the map follows the hand.
 */

export type Rgb = readonly [red: number, green: number, blue: number];

/** How much of each pixel of a square a disc covers. */
interface Stamp {
  /** Pixels from the middle to each side. */
  readonly reach: number;
  /** [2 reach + 1, 2 reach + 1] in [0, 1] */
  readonly coverage: Float32Array;
}

/** @param radius in pixels */
export function discStamp(radius: number): Stamp {
  const reach = Math.ceil(radius);
  const side = 2 * reach + 1;
  const coverage = Float32Array.from({ length: side * side }, (_, at) => {
    const away = Math.hypot((at % side) - reach, Math.floor(at / side) - reach);
    return Math.min(1, Math.max(0, radius + 0.5 - away));
  });
  return { reach, coverage };
}

/** Lays a disc over opaque pixels. @param x of its middle, in pixels; outside nothing happens */
export function stampDot(
  { data, width, height }: ImageData,
  { reach, coverage }: Stamp,
  x: number,
  y: number,
  [red, green, blue]: Rgb,
  alpha: number,
): void {
  const [left, top, side] = [Math.round(x) - reach, Math.round(y) - reach, 2 * reach + 1];
  for (let row = Math.max(0, -top); row < side && top + row < height; row++) {
    for (let column = Math.max(0, -left); column < side && left + column < width; column++) {
      const cover = coverage[row * side + column]! * alpha;
      if (cover === 0) continue;
      const at = 4 * ((top + row) * width + left + column);
      data[at]! += (red - data[at]!) * cover;
      data[at + 1]! += (green - data[at + 1]!) * cover;
      data[at + 2]! += (blue - data[at + 2]!) * cover;
    }
  }
}

/** One for each canvas: allocating millions of pixels at each frame would cost more than drawing. */
const kept = new WeakMap<HTMLCanvasElement, ImageData>();

/** Pixels of a whole canvas, all of one opaque colour. */
export function clearedPixels(context: CanvasRenderingContext2D, [red, green, blue]: Rgb): ImageData {
  const { canvas } = context;
  let image = kept.get(canvas);
  if (image?.width !== canvas.width || image.height !== canvas.height) {
    image = context.createImageData(canvas.width, canvas.height);
    kept.set(canvas, image);
  }
  // As bytes in memory: red first, on any machine that runs a browser.
  new Uint32Array(image.data.buffer).fill((255 << 24) | (blue << 16) | (green << 8) | red);
  return image;
}

const parsed = new Map<string, Rgb>();

/** Any opaque colour of CSS. */
export function rgbOf(colour: string): Rgb {
  const known = parsed.get(colour);
  if (known) return known;
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  const rgb: Rgb = [red!, green!, blue!];
  parsed.set(colour, rgb);
  return rgb;
}
