/** @file Exhaustive nearest-neighbour search by a runtime. Nothing here imports Node. */

import { knnGraph } from "../../graphs/index.js";
import { encodeModel } from "../codec/encode.js";
import type { Neighbours } from "../knn/vote.js";
import { lower } from "../lower/lower.js";
import { cpu } from "../lower/targets/cpu.js";
import { floats, int64s, type HostTensor, type Session } from "../runtime/session.js";
import type { Vectors } from "../search/vectors.js";
import { VERSION } from "../version.js";
import type { Progress } from "./embed.js";

/** Similarities computed at once: 64 MiB. */
const BLOCK_NUMBERS = 2 ** 24;

/** Names the model in errors. */
export const WHERE = "kNN";

/** queries [count, dim], bank [rows, dim] → similarities, neighbours [count, k] */
export function nearestModel(dim: number, k: number): Uint8Array {
  return encodeModel(lower(knnGraph(dim, k), cpu), { producerVersion: VERSION });
}

/**
 * The `k` rows of `bank` most similar to each query, by dot product.
 * @param session of nearestModel
 * @param progress told after every block
 */
export async function nearestBy(
  session: Session,
  queries: Vectors,
  bank: Vectors,
  k: number,
  progress?: Progress,
): Promise<Neighbours> {
  const { dim } = bank;
  const similarities = new Float32Array(queries.count * k);
  const rows = new BigInt64Array(queries.count * k);
  const block = Math.max(1, Math.floor(BLOCK_NUMBERS / bank.count));
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
  return { count: queries.count, k, similarities, rows };
}
