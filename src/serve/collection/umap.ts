/** @file The door to umap-js. */

import { UMAP } from "umap-js";

/** For each row its nearest rows, itself first, and how far they are. */
export interface KnnGraph {
  readonly rows: number[][];
  readonly distances: number[][];
}

/**
 * Places rows in the plane so that neighbours stay neighbours.
 * @param random uniform in [0, 1): the only source of chance
 * @returns [rows][2], at any scale
 * Source: McInnes, Healy, Melville, "UMAP", 2018
 */
export function layOut(
  { rows, distances }: KnnGraph,
  random: () => number,
  progress: (epoch: number, epochs: number) => void,
): number[][] {
  const umap = new UMAP({ nNeighbors: rows[0]!.length, minDist: 0.1, random });
  umap.setPrecomputedKNN(rows, distances);
  // The vectors themselves are not looked at once their neighbours are known; only their number counts.
  const epochs = umap.initializeFit(rows);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    umap.step();
    progress(epoch, epochs);
  }
  return umap.getEmbedding();
}
