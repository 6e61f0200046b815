/**
 * @file Antialiased bilinear resizing, as Pillow's BILINEAR and torchvision's antialias=True do it, in floats.
 *
 * Each output pixel is a weighted mean of the input pixels under a triangle centred on it. Shrinking by a
 * factor s widens the triangle s times, so that every input pixel counts (no aliasing); growing leaves it one
 * input pixel wide on each side (plain bilinear). The two axes are done one after the other. Pillow rounds to
 * 8 bits after each axis; here nothing is rounded.
 */

import type { Picture } from "./dataset.js";

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
  weights = new Float64Array(0); // [windowLength, stride], each row sums to 1
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
    if (this.weights.length < size) this.weights = new Float64Array(size);
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

/** Resizes pictures to one square size, over and over, without allocating for each. */
export class Resampler {
  private readonly columns: AxisWeights;
  private readonly rows: AxisWeights;
  private strips = new Float32Array(0); // [channels, input rows in use, size] after the horizontal pass

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
    const top = Math.min(this.rows.first[0]!, this.rows.first[this.size - 1]!);
    const bottom = Math.max(
      this.rows.first[0]! + this.rows.taps[0]!,
      this.rows.first[this.size - 1]! + this.rows.taps[this.size - 1]!,
    );
    const stripLength = picture.channels * (bottom - top) * this.size;
    if (this.strips.length < stripLength) this.strips = new Float32Array(stripLength);
    this.squeezeColumns(picture, top, bottom);
    for (let channel = 0; channel < picture.channels; channel++) {
      const stripFirst = channel * (bottom - top) - top; // strip of input row 0, were it in use
      this.squeezeRows(stripFirst, planes, channel * this.size * this.size);
    }
  }

  private squeezeColumns(picture: Picture, top: number, bottom: number): void {
    const { data, width, channels } = picture;
    const { first, taps, weights, stride } = this.columns;
    const { size, strips } = this;
    const stripSize = (bottom - top) * size;
    for (let y = top; y < bottom; y++) {
      for (let x = 0; x < size; x++) {
        let source = (y * width + first[x]!) * channels;
        const base = x * stride;
        const count = taps[x]!;
        let sum0 = 0;
        let sum1 = 0;
        let sum2 = 0;
        for (let tap = 0; tap < count; tap++, source += channels) {
          const weight = weights[base + tap]!;
          sum0 += weight * data[source]!;
          if (channels === 1) continue;
          sum1 += weight * data[source + 1]!;
          sum2 += weight * data[source + 2]!;
        }
        const target = (y - top) * size + x;
        strips[target] = sum0 / 255;
        if (channels === 1) continue;
        strips[target + stripSize] = sum1 / 255;
        strips[target + 2 * stripSize] = sum2 / 255;
      }
    }
  }

  private squeezeRows(stripFirst: number, planes: Float32Array, offset: number): void {
    const { first, taps, weights, stride } = this.rows;
    const { size, strips } = this;
    for (let y = 0; y < size; y++) {
      const source = (stripFirst + first[y]!) * size;
      const base = y * stride;
      const count = taps[y]!;
      for (let x = 0; x < size; x++) {
        let sum = 0;
        for (let tap = 0; tap < count; tap++) sum += weights[base + tap]! * strips[source + tap * size + x]!;
        planes[offset + y * size + x] = sum;
      }
    }
  }
}
