/** @file The objective as a manifest records it: every setting of the one that was chosen, and no other. */

import * as z from "zod";
import { fraction, count, aboveZero, atLeastZero, expectedNames } from "./numbers.js";

const withBank = {
  /** τ, dimensionless. */
  temperature: aboveZero,
  /** λ of the proximal term. */
  proximal: atLeastZero,
};

const withNoise = {
  ...withBank,
  /** m: noise rows for each picture. */
  negatives: count,
  noiseForm: z.enum(["gather", "gemm"]),
  /** Whether a picture's own row, and one row more than once, may be drawn. */
  noise: z.strictObject({ positive: z.boolean(), duplicates: z.boolean() }),
};

const normalizer = z.discriminatedUnion(
  "mode",
  [
    z.strictObject({ mode: z.enum(["first", "exact"]) }),
    z.strictObject({ mode: z.literal("batches"), batches: count }),
    z.strictObject({ mode: z.literal("ema"), momentum: fraction }),
  ],
  expectedNames("first", "batches", "ema", "exact"),
);

export const objective = z.discriminatedUnion(
  "name",
  [
    /** instances: rows of the weight matrix, n. */
    z.strictObject({ name: z.literal("parametric"), instances: count }),
    z.strictObject({ name: z.literal("softmax"), ...withBank }),
    z.strictObject({ name: z.literal("nce"), ...withNoise, epsilon: atLeastZero, normalizer }),
    z.strictObject({ name: z.literal("infonce"), ...withNoise }),
  ],
  expectedNames("parametric", "softmax", "nce", "infonce"),
);
