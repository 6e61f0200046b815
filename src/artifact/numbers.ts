/** @file What the schemas of several files have in common: numbers, hashes, and the message for unknown names. */

import * as z from "zod";

export const count = z.int().min(1);
export const atLeastZero = z.number().min(0);
export const aboveZero = z.number().gt(0);
/** [0, 1) */
export const fraction = z.number().min(0).lt(1);
/** Red, green, blue. */
export const perChannel = z.tuple([z.number(), z.number(), z.number()]).readonly();
/** How a picture becomes pixel_values, see manifest.json. */
export const preprocessing = z.strictObject({
  imageSize: count,
  mean: perChannel,
  std: perChannel,
  resize: count,
});
export const sha256Digits = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hexadecimal digits");

/** For a union told apart by a name: what to say of any other. */
export const expectedNames = (...names: readonly string[]) => ({
  error: ({ code }: { readonly code: string }) =>
    code === "invalid_union"
      ? `expected one of ${names.map((name) => JSON.stringify(name)).join("|")}`
      : undefined,
});
