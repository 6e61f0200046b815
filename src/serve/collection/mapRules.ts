/** @file When a map is drawn, and from which seed. */

/** Pictures; with fewer there is nothing to see. */
export const FEWEST = 8;

/** Fixed: the same vectors give the same map wherever it is drawn. */
export const SEED = 0;
