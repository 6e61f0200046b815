/** @file The map of what was learned: as src/serve/collection/map.ts has it drawn in Node. */

import { nearestBy, nearestModel, WHERE } from "../../../evaluate/nearest.js";
import type { Vectors } from "../../../search/vectors.js";
import { FEWEST, SEED } from "../../../serve/collection/mapRules.js";
import { placeOnMap, type Nearest } from "../../../serve/collection/placeOnMap.js";
import type { TellStage } from "./begin.js";
import type { Machine } from "./machine.js";

/** @returns [count, 2] in [-1, 1]; null where there are too few for a map */
export async function drawMap(
  vectors: Vectors,
  machine: Machine,
  tell: TellStage,
): Promise<Float32Array<ArrayBuffer> | null> {
  if (vectors.count < FEWEST) return null;
  const nearest: Nearest = async (queries, bank, k) => {
    const session = await machine.open(nearestModel(bank.dim, k), WHERE);
    try {
      return await nearestBy(session, queries, bank, k);
    } finally {
      await session.close();
    }
  };
  return placeOnMap(vectors, SEED, nearest, tell);
}
