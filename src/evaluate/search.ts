/** @file Exhaustive nearest-neighbour search by the runtime: what accuracy during training is measured with. */

import { knnGraph } from "../../graphs/index.js";
import { encodeModel } from "../codec/encode.js";
import type { Neighbours } from "../knn/vote.js";
import { lower } from "../lower/lower.js";
import { floats, int64s, type HostTensor } from "../runtime/session.js";
import { VERSION } from "../version.js";
import type { Vectors } from "../search/vectors.js";
import type { Progress } from "./embed.js";
import { cpuProvider, type Provider } from "./provider.js";

/** Similarities computed at once: 64 MiB. */
const BLOCK_NUMBERS = 2 ** 24;

/** The `k` rows of `bank` most similar to each query, by dot product. @param progress told after every block */
export async function searchNearest(
  queries: Vectors,
  bank: Vectors,
  k: number,
  provider: Provider = cpuProvider(),
  progress?: Progress,
): Promise<Neighbours> {
  const { dim } = bank;
  const model = encodeModel(lower(knnGraph(dim, k), provider.target), { producerVersion: VERSION });
  const session = await provider.open(model, "kNN");
  const similarities = new Float32Array(queries.count * k);
  const rows = new BigInt64Array(queries.count * k);
  const block = Math.max(1, Math.floor(BLOCK_NUMBERS / bank.count));
  try {
    for (let first = 0; first < queries.count; first += block) {
      const count = Math.min(block, queries.count - first);
      const [values, neighbours] = [floats([count, k]), int64s([count, k])];
      const feeds = new Map([
        ["queries", floats([count, dim], queries.data.slice(first * dim, (first + count) * dim))],
        ["bank", floats([bank.count, dim], bank.data)],
      ]);
      await session.run(
        feeds,
        new Map<string, HostTensor>([
          ["similarities", values],
          ["neighbours", neighbours],
        ]),
      );
      similarities.set(values.data, first * k);
      rows.set(neighbours.data, first * k);
      progress?.(first + count, queries.count);
    }
  } finally {
    await session.close();
  }
  return { count: queries.count, k, similarities, rows };
}
