/**
 * @file Antialiased bilinear resizing, as Pillow's BILINEAR and torchvision's antialias=True do it, in floats.
 *
 * Each output pixel is a weighted mean of the input pixels under a triangle centred on it. Shrinking by a
 * factor s widens the triangle s times, so that every input pixel counts (no aliasing); growing leaves it one
 * input pixel wide on each side (plain bilinear). The two axes are done one after the other. Pillow rounds to
 * 8 bits after each axis; here sums are float32.
 */

import type { Picture } from "./dataset.js";
import { createMemory, growTo } from "../simd/instance.js";
import { resizeKernels, type ResizeKernels } from "./simd/resizeKernels.js";

/** How one axis is resized: part of the input is stretched to outLength, of which a window is wanted. */
export interface AxisSpan {
  readonly inFirst: number; // input pixels
  readonly inLength: number; // input pixels, >= 1
  readonly outLength: number; // output pixels, >= 1
  readonly windowFirst: number; // output pixels
  readonly windowLength: number; // output pixels
  /** Write the window backwards: a flip for free. */
  readonly reversed: boolean;
}

/** The weights of one axis. Lives as long as its Resampler; storage only grows. */
class AxisWeights {
  readonly first: Int32Array; // [windowLength] first input pixel under each triangle
  readonly taps: Int32Array; // [windowLength] how many input pixels lie under it
  weights = new Float32Array(0); // [windowLength, stride], each row sums to 1
  stride = 0;

  constructor(readonly windowLength: number) {
    this.first = new Int32Array(windowLength);
    this.taps = new Int32Array(windowLength);
  }

  plan(span: AxisSpan): void {
    const scale = span.inLength / span.outLength; // input pixels per output pixel
    const support = Math.max(scale, 1); // half the triangle's base, input pixels
    this.stride = 2 * Math.ceil(support) + 1;
    const size = this.stride * this.windowLength;
    if (this.weights.length < size) this.weights = new Float32Array(size);
    for (let step = 0; step < this.windowLength; step++) {
      const out = span.reversed ? this.windowLength - 1 - step : step;
      this.planPixel(out, (span.windowFirst + step + 0.5) * scale, support, span);
    }
  }

  private planPixel(out: number, centre: number, support: number, span: AxisSpan): void {
    // Pixel x covers x ... x + 1; its centre x + 0.5 must lie strictly inside the triangle's base to count.
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(span.inLength, Math.floor(centre + support + 0.5)); // exclusive
    const base = out * this.stride;
    let sum = 0;
    for (let x = first; x < last; x++) {
      const weight = Math.max(0, 1 - Math.abs(x + 0.5 - centre) / support);
      this.weights[base + x - first] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < last - first; tap++) this.weights[base + tap] = this.weights[base + tap]! / sum;
    this.first[out] = span.inFirst + first;
    this.taps[out] = last - first;
  }
}

/** Bytes between the parts of the memory: the kernels read and write a little past the end. */
const SLACK_BYTES = 64;
const FLOAT_BYTES = 4;

/** Where the parts of a resize lie in the kernels' memory, in bytes. */
interface Layout {
  readonly planes: number; // [3, size, size] float32
  readonly columnFirst: number; // [size] int32
  readonly columnTaps: number; // [size] int32
  readonly columnWeights: number; // [size, stride] float32
  readonly rowWeights: number; // [size, stride] float32
  readonly line: number; // [input columns, channels] float32: an output row before its columns are mixed
  readonly pixels: number; // [input rows in use, width, channels] uint8
}

/** Resizes pictures to one square size, over and over, without allocating for each. */
export class Resampler {
  private readonly columns: AxisWeights;
  private readonly rows: AxisWeights;
  private readonly memory = createMemory(0);
  private readonly kernels: ResizeKernels = resizeKernels(this.memory);

  /** @param size width and height of the output, pixels */
  constructor(readonly size: number) {
    this.columns = new AxisWeights(size);
    this.rows = new AxisWeights(size);
  }

  /**
   * @param planes [channels, size, size] float32, written: values from 0 to 1
   * Both spans must have a window of `size` and lie inside the picture.
   */
  resample(picture: Picture, columns: AxisSpan, rows: AxisSpan, planes: Float32Array): void {
    this.columns.plan(columns);
    this.rows.plan(rows);
    const [left, right] = reach(this.columns);
    const [top, bottom] = reach(this.rows);
    const { width, channels } = picture;
    const layout = this.layOut((right - left) * channels, (bottom - top) * width * channels);
    this.load(picture, layout, left, top, bottom);
    const rowBytes = width * channels;
    for (let y = 0; y < this.size; y++) {
      const source = layout.pixels + (this.rows.first[y]! - top) * rowBytes + left * channels;
      const weights = layout.rowWeights + y * this.rows.stride * FLOAT_BYTES;
      const length = (right - left) * channels;
      this.kernels.blendRows(layout.line, source, rowBytes, weights, this.rows.taps[y]!, length);
      this.mixLine(layout, y, channels);
    }
    planes.set(new Float32Array(this.memory.buffer, layout.planes, channels * this.size ** 2));
  }

  /** Makes room: nothing of an earlier picture is of use. */
  private layOut(lineLength: number, pixelBytes: number): Layout {
    let end = 0;
    const part = (bytes: number): number => {
      const first = end;
      end = Math.ceil((first + bytes + SLACK_BYTES) / FLOAT_BYTES) * FLOAT_BYTES;
      return first;
    };
    const layout = {
      planes: part(3 * this.size ** 2 * FLOAT_BYTES),
      columnFirst: part(this.size * FLOAT_BYTES),
      columnTaps: part(this.size * FLOAT_BYTES),
      columnWeights: part(this.size * this.columns.stride * FLOAT_BYTES),
      rowWeights: part(this.size * this.rows.stride * FLOAT_BYTES),
      line: part(lineLength * FLOAT_BYTES),
      pixels: part(pixelBytes),
    };
    growTo(this.memory, end);
    return layout;
  }

  /** Copies weights and the input rows in use to where the kernels find them. */
  private load(picture: Picture, layout: Layout, left: number, top: number, bottom: number): void {
    const { size, columns, rows } = this;
    const { width, channels, data } = picture;
    const { buffer } = this.memory;
    const first = new Int32Array(buffer, layout.columnFirst, size);
    for (let x = 0; x < size; x++) first[x] = (columns.first[x]! - left) * channels * FLOAT_BYTES;
    new Int32Array(buffer, layout.columnTaps, size).set(columns.taps);
    const columnLength = size * columns.stride;
    new Float32Array(buffer, layout.columnWeights, columnLength).set(
      columns.weights.subarray(0, columnLength),
    );
    const rowLength = size * rows.stride;
    new Float32Array(buffer, layout.rowWeights, rowLength).set(rows.weights.subarray(0, rowLength));
    const rowBytes = width * channels;
    new Uint8Array(buffer, layout.pixels).set(data.subarray(top * rowBytes, bottom * rowBytes));
  }

  private mixLine(layout: Layout, y: number, channels: number): void {
    const planeBytes = this.size ** 2 * FLOAT_BYTES;
    this.kernels.mixColumns(
      layout.planes + y * this.size * FLOAT_BYTES,
      planeBytes,
      layout.line,
      layout.columnFirst,
      layout.columnTaps,
      layout.columnWeights,
      this.columns.stride * FLOAT_BYTES,
      channels * FLOAT_BYTES,
      this.size,
    );
  }
}

/** The first input pixel in use and the one after the last. */
function reach({ first, taps }: AxisWeights): [number, number] {
  const last = first.length - 1; // where the axis is reversed, the first lies there
  return [Math.min(first[0]!, first[last]!), Math.max(first[0]! + taps[0]!, first[last]! + taps[last]!)];
}
