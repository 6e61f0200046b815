/** @file Exhaustive nearest-neighbour search by the runtime: what accuracy during training is measured with. */

import type { Neighbours } from "../knn/vote.js";
import { openSession } from "../runtime/node.js";
import type { Vectors } from "../search/vectors.js";
import type { Progress } from "./embed.js";
import { nearestBy, nearestModel, WHERE } from "./nearest.js";

/** The `k` rows of `bank` most similar to each query, by dot product. @param progress told after every block */
export async function searchNearest(
  queries: Vectors,
  bank: Vectors,
  k: number,
  threads?: number,
  progress?: Progress,
): Promise<Neighbours> {
  const options = { ep: "cpu", ...(threads ? { threads } : {}) } as const;
  const session = await openSession(nearestModel(bank.dim, k), WHERE, options);
  try {
    return await nearestBy(session, queries, bank, k, progress);
  } finally {
    await session.close();
  }
}
