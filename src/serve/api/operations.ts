/** @file Every operation of the API: what is served, described and tested comes from this table. */

import type * as z from "zod";
import type { Method } from "../http/door.js";
import {
  classifyAnswer,
  classifyQuery,
  embedAnswer,
  healthAnswer,
  noQuery,
  searchAnswer,
  searchBody,
  searchQuery,
  uploadQuery,
} from "./schemas.js";

/** What a request may carry. */
export type BodyKind = "none" | "picture" | "picture or JSON";

export interface Operation {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodObject;
  readonly queryExample: Readonly<Record<string, string>>;
  readonly body: BodyKind;
  /** Where JSON is taken. */
  readonly json?: { readonly schema: z.ZodType; readonly examples: readonly unknown[] };
  /** JSON by its schema, or text of a type. */
  readonly answer: { readonly schema: z.ZodType; readonly example: unknown } | { readonly text: string };
  /** Other statuses than 200 that are to be expected. */
  readonly problems: readonly number[];
}

const HIT = {
  id: "dog/17.jpg",
  row: 17,
  similarity: 0.83,
  label: 5,
  className: "dog",
  picture: "/collection/pictures/17",
};
/** Of every upload. */
const UPLOAD = [400, 408, 413, 415, 422, 503];

export const OPERATIONS = {
  embed: {
    method: "POST",
    path: "/api/embed",
    summary: "The vector of a picture",
    query: noQuery,
    queryExample: {},
    body: "picture",
    answer: {
      schema: embedAnswer,
      example: { model: "9f86d081884c7d65", dim: 2, vector: [0.6, -0.8] },
    },
    problems: UPLOAD,
  },
  search: {
    method: "POST",
    path: "/api/search",
    summary: "The pictures nearest to an upload, to a vector, or to one of the collection",
    query: uploadQuery,
    queryExample: { k: "5" },
    body: "picture or JSON",
    json: {
      schema: searchBody,
      examples: [
        { id: "dog/17.jpg", k: 5 },
        { vector: [0.6, -0.8], k: 5 },
      ],
    },
    answer: { schema: searchAnswer, example: { hits: [HIT] } },
    problems: [...UPLOAD, 404],
  },
  searchById: {
    method: "GET",
    path: "/api/search",
    summary: "The pictures nearest to one of the collection, itself left out",
    query: searchQuery,
    queryExample: { id: "dog/17.jpg", k: "5" },
    body: "none",
    answer: { schema: searchAnswer, example: { hits: [HIT] } },
    problems: [404, 422, 503],
  },
  classify: {
    method: "POST",
    path: "/api/classify",
    summary: "The class of a picture, by the weighted vote of its nearest neighbours",
    query: classifyQuery,
    queryExample: { k: "200", temperature: "0.07" },
    body: "picture",
    answer: {
      schema: classifyAnswer,
      example: {
        label: 5,
        className: "dog",
        votes: [{ label: 5, className: "dog", share: 1 }],
        hits: [HIT],
      },
    },
    problems: UPLOAD,
  },
  health: {
    method: "GET",
    path: "/api/health",
    summary: "Whether the server can answer: 200, or 503 while it stops or after a defect",
    query: noQuery,
    queryExample: {},
    body: "none",
    answer: {
      schema: healthAnswer,
      example: {
        status: "ok",
        version: "0.1.0",
        model: "9f86d081884c7d65",
        pictures: 50_000,
        dim: 128,
        uptimeSeconds: 12.5,
      },
    },
    problems: [503],
  },
  metrics: {
    method: "GET",
    path: "/api/metrics",
    summary: "Counters, latencies and memory, for Prometheus",
    query: noQuery,
    queryExample: {},
    body: "none",
    answer: { text: "text/plain; version=0.0.4" },
    problems: [],
  },
  openapi: {
    method: "GET",
    path: "/api/openapi.json",
    summary: "This document",
    query: noQuery,
    queryExample: {},
    body: "none",
    answer: { text: "application/json" },
    problems: [],
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof OPERATIONS;
