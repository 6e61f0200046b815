/**
 * @file Gaussian blur of planar pictures.
 *
 * The kernel is a Gaussian sampled at whole pixels and cut off at the kernel's side, summing to 1. A
 * two-dimensional Gaussian is the product of two, so that one axis is blurred after the other: 2k instead of k²
 * products for each pixel. Past the border the picture goes on mirrored, its last pixel not repeated. Source:
 * torchvision.transforms.GaussianBlur, tensor version.
 */

import type { Planes } from "./color.js";

/** Weights below this share of the centre's change no float32 and are left out. */
const NEGLIGIBLE = 1e-9;

/** Blurs square pictures of one size, over and over, without allocating for each. */
export class GaussianBlur {
  private readonly radius: number; // pixels
  private readonly weights: Float64Array; // [radius + 1], from the centre outwards
  private reach = 0; // pixels, up to radius: how far out weights count
  private readonly line: Float64Array; // [radius + size + radius], one row with its mirrored ends
  private readonly turned: Float32Array; // [size, size], between the two passes: columns as rows

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
    this.line = new Float64Array(size + 2 * this.radius);
    this.turned = new Float32Array(size * size);
  }

  /**
   * @param planes [channels, size, size], written
   * @param sigma standard deviation, pixels, > 0
   */
  blur({ channels, pixels, data }: Planes, sigma: number): void {
    this.weigh(sigma);
    for (let channel = 0; channel < channels; channel++) {
      const plane = data.subarray(channel * pixels, (channel + 1) * pixels);
      this.blurAndTurn(plane, this.turned);
      this.blurAndTurn(this.turned, plane);
    }
  }

  private weigh(sigma: number): void {
    const { weights, radius } = this;
    let sum = 0;
    for (let away = 0; away <= radius; away++) {
      const weight = Math.exp(-0.5 * (away / sigma) ** 2);
      weights[away] = weight;
      sum += away === 0 ? weight : 2 * weight;
      if (weight > NEGLIGIBLE) this.reach = away;
    }
    for (let away = 0; away <= radius; away++) weights[away] = weights[away]! / sum;
  }

  /** Blurs each row of `from` and writes it as a column of `to`. Rows are what lies together in memory. */
  private blurAndTurn(from: Float32Array, to: Float32Array): void {
    const { size, radius, reach, weights, line } = this;
    const last = radius + size - 1;
    for (let y = 0; y < size; y++) {
      line.set(from.subarray(y * size, (y + 1) * size), radius);
      for (let away = 1; away <= reach; away++) {
        line[radius - away] = line[radius + away]!;
        line[last + away] = line[last - away]!;
      }
      for (let x = 0; x < size; x++) {
        const centre = radius + x;
        let sum = weights[0]! * line[centre]!;
        for (let away = 1; away <= reach; away++) {
          sum += weights[away]! * (line[centre - away]! + line[centre + away]!);
        }
        to[x * size + y] = sum;
      }
    }
  }
}
