/** @file Ranges of numbers in a manifest, and the message for a name that is none of those known. */

import * as z from "zod";

export const count = z.int().min(1);
export const atLeastZero = z.number().min(0);
export const aboveZero = z.number().gt(0);
/** [0, 1) */
export const fraction = z.number().min(0).lt(1);

/** For a union told apart by a name: what to say of any other. */
export const expectedNames = (...names: readonly string[]) => ({
  error: ({ code }: { readonly code: string }) =>
    code === "invalid_union"
      ? `expected one of ${names.map((name) => JSON.stringify(name)).join("|")}`
      : undefined,
});
