/** @file The optimizer as a manifest records it. */

import * as z from "zod";
import { aboveZero, atLeastZero, expectedNames, fraction } from "./numbers.js";

const decay = { weightDecay: atLeastZero, decayNormAndBias: z.boolean() };

export const optimizer = z.discriminatedUnion(
  "name",
  [
    z.strictObject({ name: z.literal("sgd"), momentum: fraction, nesterov: z.boolean(), ...decay }),
    z.strictObject({
      name: z.literal("adamw"),
      beta1: fraction,
      beta2: fraction,
      epsilon: aboveZero,
      ...decay,
    }),
    z.strictObject({
      name: z.literal("lars"),
      momentum: fraction,
      weightDecay: atLeastZero,
      trustCoefficient: aboveZero,
    }),
  ],
  expectedNames("sgd", "adamw", "lars"),
);
