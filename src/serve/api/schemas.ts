/** @file What the API takes and gives. */

import * as z from "zod";

/** More neighbours than this are no answer to a person, and a heavy one to a program. */
export const MOST_NEIGHBOURS = 1000;
export const DEFAULT_NEIGHBOURS = 10;

const k = z.int().min(1).max(MOST_NEIGHBOURS).describe("neighbours wanted");
const id = z.string().min(1).max(4096).describe("a picture of the collection, by its path in the set");
/** In a query string everything is text. */
const kOfText = z
  .string()
  .regex(/^\d{1,9}$/, "expected a whole number")
  .transform(Number)
  .pipe(k);

export const searchQuery = z.strictObject({ id, k: kOfText.optional() });
export const uploadQuery = z.strictObject({ k: kOfText.optional() });
export const classifyQuery = z.strictObject({
  k: kOfText.optional(),
  temperature: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,9})?$/, "expected a number")
    .transform(Number)
    .pipe(z.number().gt(0))
    .optional(),
});
export const noQuery = z.strictObject({});

export const searchBody = z.union([
  z.strictObject({ id, k: k.optional() }),
  z.strictObject({
    vector: z.array(z.number()).min(1).max(65_536).describe("of the collection's length; any scale but zero"),
    k: k.optional(),
  }),
]);

const hit = z.strictObject({
  id: z.string(),
  row: z.int().min(0).describe("in the collection"),
  similarity: z.number().describe("cosine, -1 to 1"),
  label: z.int().min(0).nullable(),
  className: z.string().nullable(),
  picture: z.string().describe("where a JPEG of it is, on this server"),
});

export const embedAnswer = z.strictObject({
  model: z.string().describe("SHA-256 of the encoder"),
  dim: z.int().min(1),
  vector: z.array(z.number()).describe("of unit length"),
});

export const searchAnswer = z.strictObject({ hits: z.array(hit).describe("most similar first") });

export const classifyAnswer = z.strictObject({
  label: z.int().min(0),
  className: z.string(),
  votes: z
    .array(z.strictObject({ label: z.int().min(0), className: z.string(), share: z.number().min(0).max(1) }))
    .describe("classes that have a share of the vote, largest first"),
  hits: z.array(hit).describe("who voted, most similar first"),
});

export const healthAnswer = z.strictObject({
  status: z.enum(["ok", "draining", "failed"]),
  version: z.string(),
  model: z.string().describe("SHA-256 of the encoder"),
  pictures: z.int().min(1),
  dim: z.int().min(1),
  uptimeSeconds: z.number().min(0),
});

export const problem = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string() }),
});

export type SearchBody = z.output<typeof searchBody>;
export type HitAnswer = z.output<typeof hit>;
export type EmbedAnswer = z.output<typeof embedAnswer>;
export type SearchAnswer = z.output<typeof searchAnswer>;
export type ClassifyAnswer = z.output<typeof classifyAnswer>;
export type HealthAnswer = z.output<typeof healthAnswer>;
