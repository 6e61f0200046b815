/** @file What each operation does. */

import { shares, type Neighbours } from "../../knn/vote.js";
import { VERSION } from "../../version.js";
import type { Catalogue } from "../catalogue.js";
import { HttpError, jsonResponse } from "../http/httpError.js";
import type { Route } from "../http/door.js";
import type { Uploads } from "../http/upload.js";
import type { Metrics } from "../metrics.js";
import type { UploadEncoder } from "../threads/encoder.js";
import type { Query, Searcher } from "../threads/searcher.js";
import { openApiDocument } from "./openApi.js";
import { OPERATIONS, type OperationName } from "./operations.js";
import { contentKind, pictureIn, readJson, readQuery } from "./readRequest.js";
import {
  classifyQuery,
  DEFAULT_NEIGHBOURS,
  noQuery,
  searchBody,
  searchQuery,
  uploadQuery,
  type ClassifyAnswer,
  type EmbedAnswer,
  type HealthAnswer,
  type HitAnswer,
  type SearchAnswer,
} from "./schemas.js";

/** What the operations work with. */
export interface Services {
  readonly catalogue: Catalogue;
  /** SHA-256 of the encoder. */
  readonly model: string;
  readonly encoder: UploadEncoder;
  readonly searcher: Searcher;
  readonly uploads: Uploads;
  readonly metrics: Metrics;
  isDraining(): boolean;
}

type Handler = (request: Request) => Promise<Response> | Response;

export function apiRoutes(services: Services): Route[] {
  const handlers = handlersOf(services);
  return Object.entries(OPERATIONS).map(([name, { method, path }]) => ({
    method,
    path,
    handle: handlers[name as OperationName],
  }));
}

function handlersOf(services: Services): Readonly<Record<OperationName, Handler>> {
  const document = openApiDocument();
  return {
    embed: async (request) => {
      readQuery(request, noQuery);
      const vector = await embedUpload(services, request);
      const { model } = services;
      return jsonResponse({ model, dim: vector.length, vector: [...vector] } satisfies EmbedAnswer);
    },
    search: async (request) => {
      const { k = DEFAULT_NEIGHBOURS } = readQuery(request, uploadQuery);
      const isJson = contentKind(request, true) === "json";
      const query = isJson
        ? await queryOfJson(services, request, k)
        : ({ kind: "vector", vector: await embedUpload(services, request), k } as const);
      return answerSearch(services, request, query);
    },
    searchById: (request) => {
      const { id, k = DEFAULT_NEIGHBOURS } = readQuery(request, searchQuery);
      return answerSearch(services, request, { kind: "id", id, k });
    },
    classify: (request) => classifyUpload(services, request),
    health: (request) => {
      readQuery(request, noQuery);
      return health(services);
    },
    metrics: () =>
      new Response(services.metrics.print(), {
        headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store" },
      }),
    openapi: () => jsonResponse(document),
  };
}

/** @returns [D] of unit length */
async function embedUpload(
  { uploads, encoder }: Services,
  request: Request,
): Promise<Float32Array<ArrayBuffer>> {
  const kind = contentKind(request, false);
  return uploads.withBody(request, async (body) => {
    const picture = await pictureIn(body, kind, request.headers.get("Content-Type")!);
    return encoder.encode(picture, request.signal);
  });
}

async function queryOfJson(
  { uploads, catalogue }: Services,
  request: Request,
  defaultK: number,
): Promise<Query> {
  const body = await uploads.withBody(request, (bytes) => Promise.resolve(readJson(bytes, searchBody)));
  const k = body.k ?? defaultK;
  if ("id" in body) return { kind: "id", id: body.id, k };
  return { kind: "vector", vector: unitVector(body.vector, catalogue.description.embeddingDim), k };
}

/** @throws HttpError 422 unless it has the collection's length and a direction */
function unitVector(vector: readonly number[], dim: number): Float32Array<ArrayBuffer> {
  const length = Math.hypot(...vector);
  const refuse = (found: string): HttpError =>
    new HttpError(
      422,
      "invalid",
      `body.vector: found ${found}, expected ${dim} numbers that are not all zero; send what /api/embed gives`,
    );
  if (vector.length !== dim) throw refuse(`${vector.length} numbers`);
  if (!(length > 0 && length < Infinity)) throw refuse(`a length of ${length}`);
  return Float32Array.from(vector, (value) => value / length);
}

async function answerSearch(services: Services, request: Request, query: Query): Promise<Response> {
  return jsonResponse({ hits: await search(services, request, query) } satisfies SearchAnswer);
}

/** @throws HttpError 404 for an id that is not there */
async function search(
  { searcher, catalogue }: Services,
  { signal }: Request,
  query: Query,
): Promise<HitAnswer[]> {
  const found = await searcher.search(query, signal);
  if (found !== null) return found.flatMap((hit) => describeHit(catalogue, hit.id, hit.similarity));
  const id = query.kind === "id" ? query.id : "";
  throw new HttpError(
    404,
    "unknown_id",
    `id: found no picture ${JSON.stringify(id.slice(0, 200))}, expected one of the collection; ids stand in every answer`,
  );
}

/** Nothing for a picture that cannot be read: the collection leaves it out. */
function describeHit(catalogue: Catalogue, id: string, similarity: number): HitAnswer[] {
  const row = catalogue.rowOf(id);
  if (row === null) return [];
  const label = catalogue.labels?.[row] ?? -1;
  const known = label >= 0;
  return [
    {
      id,
      row,
      similarity,
      label: known ? label : null,
      className: known ? catalogue.description.classNames[label]! : null,
      picture: `/collection/pictures/${row}`,
    },
  ];
}

async function classifyUpload(services: Services, request: Request): Promise<Response> {
  const { catalogue } = services;
  const { classNames, vote } = catalogue.description;
  const { k = vote.k, temperature = vote.temperature } = readQuery(request, classifyQuery);
  if (catalogue.labels === null) {
    throw new HttpError(
      422,
      "no_labels",
      "collection: found no labels, expected pictures in class folders; label some on the page",
    );
  }
  const vector = await embedUpload(services, request);
  const hits = (await search(services, request, { kind: "vector", vector, k })).filter(
    ({ label }) => label !== null,
  );
  const votes = votesOf(hits, temperature)
    .map((share, label) => ({ label, className: classNames[label]!, share }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
  const [first] = votes;
  if (first === undefined) {
    throw new HttpError(
      422,
      "no_labels",
      `neighbours: found none with a label among ${k}, expected at least one; ask for a larger k, or label more pictures`,
    );
  }
  const { label, className } = first;
  return jsonResponse({ label, className, votes, hits } satisfies ClassifyAnswer);
}

/** [classes] */
function votesOf(hits: readonly HitAnswer[], temperature: number): number[] {
  if (hits.length === 0) return [];
  const found: Neighbours = {
    count: 1,
    k: hits.length,
    similarities: Float32Array.from(hits, ({ similarity }) => similarity),
    rows: BigInt64Array.from(hits, (_, at) => BigInt(at)),
  };
  const labels = hits.map(({ label }) => label!);
  return [...shares(found, 0, labels, { k: hits.length, temperature })];
}

function health({ catalogue, model, encoder, searcher, isDraining }: Services): Response {
  const { pictures, embeddingDim: dim } = catalogue.description;
  const isAlive = encoder.isAlive && searcher.isAlive;
  const status = isAlive ? (isDraining() ? "draining" : "ok") : "failed";
  const uptimeSeconds = Math.round(process.uptime() * 10) / 10;
  const answer: HealthAnswer = { status, version: VERSION, model, pictures, dim, uptimeSeconds };
  return jsonResponse(answer, status === "ok" ? 200 : 503);
}
