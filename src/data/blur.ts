/**
 * @file Gaussian blur of planar pictures.
 *
 * The kernel is a Gaussian sampled at whole pixels and cut off at the kernel's side, summing to 1. A
 * two-dimensional Gaussian is the product of two, so that one axis is blurred after the other: 2k instead of k²
 * products for each pixel. Past the border the picture goes on mirrored, its last pixel not repeated. Source:
 * torchvision.transforms.GaussianBlur, tensor version.
 */

import type { Planes } from "./color.js";

/** Blurs square pictures of one size, over and over, without allocating for each. */
export class GaussianBlur {
  private readonly radius: number; // pixels
  private readonly weights: Float64Array; // [radius + 1], from the centre outwards
  private readonly line: Float32Array; // [radius + size + radius], one row with its mirrored ends
  private readonly columnsDone: Float32Array; // [size, size] after the horizontal pass

  /**
   * @param size width and height of the pictures, pixels
   * @param kernel side of the kernel, an odd number of pixels, below 2 · size
   */
  constructor(
    private readonly size: number,
    kernel: number,
  ) {
    this.radius = (kernel - 1) / 2;
    this.weights = new Float64Array(this.radius + 1);
    this.line = new Float32Array(size + 2 * this.radius);
    this.columnsDone = new Float32Array(size * size);
  }

  /**
   * @param planes [channels, size, size], written
   * @param sigma standard deviation, pixels, > 0
   */
  blur({ channels, pixels, data }: Planes, sigma: number): void {
    this.weigh(sigma);
    for (let channel = 0; channel < channels; channel++) {
      const plane = data.subarray(channel * pixels, (channel + 1) * pixels);
      this.blurColumns(plane);
      this.blurRows(plane);
    }
  }

  private weigh(sigma: number): void {
    const { weights, radius } = this;
    let sum = 0;
    for (let away = 0; away <= radius; away++) {
      const weight = Math.exp(-0.5 * (away / sigma) ** 2);
      weights[away] = weight;
      sum += away === 0 ? weight : 2 * weight;
    }
    for (let away = 0; away <= radius; away++) weights[away] = weights[away]! / sum;
  }

  /** Each row of `plane` to the same row of columnsDone. */
  private blurColumns(plane: Float32Array): void {
    const { size, radius, weights, line, columnsDone } = this;
    const last = radius + size - 1;
    for (let first = 0; first < plane.length; first += size) {
      line.set(plane.subarray(first, first + size), radius);
      for (let away = 1; away <= radius; away++) {
        line[radius - away] = line[radius + away]!;
        line[last + away] = line[last - away]!;
      }
      for (let x = 0; x < size; x++) {
        const centre = radius + x;
        let sum = weights[0]! * line[centre]!;
        for (let away = 1; away <= radius; away++) {
          sum += weights[away]! * (line[centre - away]! + line[centre + away]!);
        }
        columnsDone[first + x] = sum;
      }
    }
  }

  /** columnsDone to `plane`. */
  private blurRows(plane: Float32Array): void {
    const { size, radius, weights, columnsDone } = this;
    const mirrored = (y: number): number => (y < 0 ? -y : y >= size ? 2 * (size - 1) - y : y);
    for (let y = 0; y < size; y++) {
      const target = y * size;
      for (let x = 0; x < size; x++) plane[target + x] = weights[0]! * columnsDone[target + x]!;
      for (let away = 1; away <= radius; away++) {
        const above = mirrored(y - away) * size;
        const below = mirrored(y + away) * size;
        const weight = weights[away]!;
        for (let x = 0; x < size; x++) {
          plane[target + x] =
            plane[target + x]! + weight * (columnsDone[above + x]! + columnsDone[below + x]!);
        }
      }
    }
  }
}
