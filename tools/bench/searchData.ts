/**
 * @file Vectors to search among. Random ones are all about equally far from each other, which no real data is and which
 * is the worst case for a graph. Clustered ones lie around centres in a space of few dimensions, a little off it, as
 * embeddings do. Both are cheap to make again: a seed is all that is kept.
 */

import type { Vectors } from "../../src/search/vectors.js";

export const KINDS = ["clustered", "random"] as const;
export type Kind = (typeof KINDS)[number];

const CENTRES = 10_000;
/** Dimensions of the space that the clustered rows lie in. */
const LATENT = 32;
/** Standard deviation within a cluster; between centres it is 1. */
const WITHIN = 0.5;
/** Standard deviation off that space, in every direction. */
const OFF = 0.1;

/** Numbers from a seed, faster than RandomStream: how random they are does not matter here. */
class FastNumbers {
  constructor(private state: number) {}

  /** Uniform in [-1, 1). */
  next(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) | 0;
    return this.state / 2 ** 31;
  }

  /** About normal: the sum of four uniform numbers, standard deviation 1. */
  normal(): number {
    return (this.next() + this.next() + this.next() + this.next()) * Math.sqrt(3 / 4);
  }

  normals(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => this.normal());
  }
}

/** Unit vectors. Those of one kind and dim are drawn from the same distribution, whatever the seed. */
export function makeVectors(kind: Kind, count: number, dim: number, seed: number): Vectors {
  const data = new Float32Array(count * dim);
  const numbers = new FastNumbers(seed);
  const fill = kind === "random" ? fillRandom(numbers) : fillClustered(numbers, dim);
  for (let row = 0; row < count; row++) {
    const vector = data.subarray(row * dim, (row + 1) * dim);
    fill(vector);
    scaleToUnit(vector);
  }
  return { count, dim, data };
}

type Fill = (vector: Float32Array) => void;

function fillRandom(numbers: FastNumbers): Fill {
  return (vector) => {
    for (let at = 0; at < vector.length; at++) vector[at] = numbers.normal();
  };
}

function fillClustered(numbers: FastNumbers, dim: number): Fill {
  const shape = new FastNumbers(12345); // the same centres and directions for every seed
  const centres = shape.normals(CENTRES * LATENT);
  const directions = shape.normals(LATENT * dim);
  return (vector) => {
    const centre = Math.floor((numbers.next() + 1) * 0.5 * CENTRES) * LATENT;
    for (let at = 0; at < dim; at++) vector[at] = OFF * Math.sqrt(LATENT) * numbers.normal();
    for (let along = 0; along < LATENT; along++) {
      const amount = centres[centre + along]! + WITHIN * numbers.normal();
      for (let at = 0; at < dim; at++) vector[at]! += amount * directions[along * dim + at]!;
    }
  };
}

function scaleToUnit(vector: Float32Array): void {
  let squares = 0;
  for (let at = 0; at < vector.length; at++) squares += vector[at]! ** 2;
  const factor = 1 / Math.sqrt(squares);
  for (let at = 0; at < vector.length; at++) vector[at]! *= factor;
}
