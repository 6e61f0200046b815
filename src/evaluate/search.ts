/** @file Exhaustive nearest-neighbour search by the runtime: what accuracy during training is measured with. */

import type { Neighbours } from "../knn/vote.js";
import type { Vectors } from "../search/vectors.js";
import type { Progress } from "./embed.js";
import { nearestBy, nearestModel, WHERE } from "./nearest.js";
import { cpuProvider, type Provider } from "./provider.js";

/** The `k` rows of `bank` most similar to each query, by dot product. @param progress told after every block */
export async function searchNearest(
  queries: Vectors,
  bank: Vectors,
  k: number,
  provider: Provider = cpuProvider(),
  progress?: Progress,
): Promise<Neighbours> {
  const session = await provider.open(nearestModel(bank.dim, k, provider.target), WHERE);
  try {
    return await nearestBy(session, queries, bank, k, progress);
  } finally {
    await session.close();
  }
}
