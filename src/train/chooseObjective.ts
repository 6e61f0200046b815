/** @file Which objective suits a number of pictures. */

export interface Choice {
  readonly name: "softmax" | "nce";
  /** In one line, for the user. */
  readonly reason: string;
}

/**
 * Up to here the softmax over the whole bank is taken: it needs no noise and no normalizer, and its one product over
 * the bank costs about as much as reading 4,096 scattered rows for each picture does.
 */
export const SOFTMAX_LIMIT = 100_000;

/** Millions, from ten of them on. */
const short = (count: number): string =>
  count < 1e7 ? count.toLocaleString("en-US") : `${Math.round(count / 1e6).toLocaleString("en-US")} million`;

/** @param instances pictures; @param negatives m of NCE */
export function chooseObjective(
  instances: number,
  { batchSize, embeddingDim }: { readonly batchSize: number; readonly embeddingDim: number },
  negatives: number,
): Choice {
  const name = instances <= SOFTMAX_LIMIT ? "softmax" : "nce";
  // Forward and gradient: two products each.
  const whole = short(2 * batchSize * instances * embeddingDim);
  const sampled = short(2 * batchSize * (negatives + 1) * embeddingDim);
  const n = instances.toLocaleString("en-US");
  const limit = SOFTMAX_LIMIT.toLocaleString("en-US");
  const reason =
    `objective ${name}: ${n} pictures, ${name === "softmax" ? "at most" : "more than"} ${limit}; ` +
    `a step takes ${whole} multiplications with softmax, ${sampled} with nce and ${negatives} noise rows`;
  return { name, reason };
}
