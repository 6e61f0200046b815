/**
 * @file A map of all embeddings. A few thousand of them are laid out by UMAP, which takes seconds for these and hours
 * for all; every other goes where its nearest neighbours among the few are.
 */

import type { Neighbours } from "../../knn/vote.js";
import { RandomStream } from "../../random/philox.js";
import { shuffledRows, takeRows, type Vectors } from "../../search/vectors.js";
import type { TellProgress } from "../progress.js";
import { layOut, type KnnGraph } from "./umap.js";

/** The `k` rows of `bank` most similar to each query. */
export type Nearest = (queries: Vectors, bank: Vectors, k: number) => Promise<Neighbours>;

const MOST_LAID_OUT = 3000;
const NEIGHBOURS = 15;
/** Laid-out neighbours that pull at any other embedding, each by exp(cosine / PULL). */
const PULLING = 5;
const PULL = 0.07;
/** Embeddings placed between two words about it. */
const BLOCK = 20_000;

/**
 * @param vectors at least mapRules.ts's FEWEST rows of unit length
 * @returns [count, 2] in [-1, 1]: the same for the same vectors and seed
 */
export async function placeOnMap(
  vectors: Vectors,
  seed: number,
  nearest: Nearest,
  tell: TellProgress,
): Promise<Float32Array<ArrayBuffer>> {
  const { count } = vectors;
  const all = shuffledRows(count, new RandomStream(seed, "map", "rows"));
  const chosen = all.slice(0, MOST_LAID_OUT).sort();
  const sample = takeRows(vectors, chosen);
  const stream = new RandomStream(seed, "map", "layout");
  const laidOut = layOut(
    await graphOf(sample, nearest),
    () => stream.uniform(),
    (epoch, epochs) => tell("map", epoch, epochs),
  );
  const map = new Float32Array(2 * count);
  if (count > chosen.length) await placeOthers(vectors, sample, laidOut, nearest, map, tell);
  chosen.forEach((row, at) => map.set(laidOut[at]!, 2 * row));
  fitIntoSquare(map);
  return map;
}

async function graphOf(sample: Vectors, nearest: Nearest): Promise<KnnGraph> {
  const k = Math.min(NEIGHBOURS, sample.count - 1);
  const found = await nearest(sample, sample, k);
  const [rows, distances]: [number[][], number[][]] = [[], []];
  for (let row = 0; row < sample.count; row++) {
    const near: [number, number][] = [[row, 0]];
    for (let at = row * k; at < (row + 1) * k && near.length < k; at++) {
      const other = Number(found.rows[at]);
      // Equal vectors would come out a rounding away from each other, on either side of 0.
      if (other !== row) near.push([other, Math.max(0, 1 - found.similarities[at]!)]);
    }
    rows.push(near.map(([other]) => other));
    distances.push(near.map(([, distance]) => distance));
  }
  return { rows, distances };
}

/** @param map written for every row */
async function placeOthers(
  vectors: Vectors,
  sample: Vectors,
  laidOut: readonly number[][],
  nearest: Nearest,
  map: Float32Array,
  tell: TellProgress,
): Promise<void> {
  const { count, dim, data } = vectors;
  for (let first = 0; first < count; first += BLOCK) {
    const some = Math.min(BLOCK, count - first);
    const queries = { count: some, dim, data: data.slice(first * dim, (first + some) * dim) };
    const found = await nearest(queries, sample, PULLING);
    for (let query = 0; query < some; query++) {
      const closest = found.similarities[query * PULLING]!;
      let [x, y, weights] = [0, 0, 0];
      for (let at = query * PULLING; at < (query + 1) * PULLING; at++) {
        const weight = Math.exp((found.similarities[at]! - closest) / PULL);
        const [nearX, nearY] = laidOut[Number(found.rows[at])]!;
        x += weight * nearX!;
        y += weight * nearY!;
        weights += weight;
      }
      map.set([x / weights, y / weights], 2 * (first + query));
    }
    tell("places on the map", first + some, count);
  }
}

/** Moves and scales both axes alike, so that the longer one reaches from -1 to 1. */
function fitIntoSquare(map: Float32Array): void {
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  map.forEach((value, at) => {
    low[at % 2] = Math.min(low[at % 2]!, value);
    high[at % 2] = Math.max(high[at % 2]!, value);
  });
  const half = Math.max(high[0]! - low[0]!, high[1]! - low[1]!, Number.MIN_VALUE) / 2;
  map.forEach((value, at) => {
    const middle = (low[at % 2]! + high[at % 2]!) / 2;
    map[at] = Math.min(1, Math.max(-1, (value - middle) / half));
  });
}
