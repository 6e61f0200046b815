/** @file Search by picture: which pictures of an index are most like a given one. */

import { basename } from "node:path";
import type { Picture } from "../data/dataset.js";
import { decodePicture } from "../data/decode.js";
import { readBytes } from "../data/files.js";
import { UsageError } from "../errors.js";
import { labelsOf } from "../evaluate/labels.js";
import type { Hit } from "../search/backend.js";
import type { Vectors } from "../search/vectors.js";
import { openEncoder } from "./encoder.js";
import type { Model } from "./model.js";
import { modelOfIndex, type OpenedIndex } from "./openIndex.js";

/** Similar ids that a message names. */
const MOST_NAMED = 3;

export type Query =
  { readonly kind: "file"; readonly path: string } | { readonly kind: "id"; readonly id: string };

/** A hit with what is known of its picture. */
export interface FoundPicture extends Hit {
  /** The class's name; null: none is known. */
  readonly className: string | null;
  /** Row among the index's pictures; null: not among them. */
  readonly row: number | null;
}

export interface Answer {
  readonly query: Query;
  /** What a person calls it. */
  readonly name: string;
  /** What was searched for; null: only its vector is there. */
  readonly picture: Picture | null;
  readonly className: string | null;
  /** Most similar first; a query by id does not find itself. */
  readonly found: readonly FoundPicture[];
}

export interface SearchOptions {
  readonly k: number;
  readonly threads?: number | undefined;
  /** What embeds picture files; default: the model that the index names. */
  readonly model?: Model | undefined;
}

/**
 * Answers in the order of the queries.
 * @throws UsageError (as a rejection) for an id that is not there; DataError for a file that is no picture;
 *   ArtifactError where picture files cannot be embedded as the index was
 */
export async function searchPictures(
  index: OpenedIndex,
  queries: readonly Query[],
  options: SearchOptions,
): Promise<Answer[]> {
  const pictures = new Map<Query, Picture>();
  for (const query of queries)
    if (query.kind === "file")
      pictures.set(query, await decodePicture(await readBytes(query.path), query.path));
  const vectors = await queryVectors(index, queries, pictures, options);
  const itself = queries.some(({ kind }) => kind === "id") ? 1 : 0;
  const hits = await index.backend.search(vectors, options.k + itself);
  const describe = describer(index);
  return Promise.all(
    queries.map(async (query, at): Promise<Answer> => {
      const own = query.kind === "id" ? describe({ id: query.id, similarity: 1 }) : null;
      const found = hits[at]!.filter(({ id }) => id !== own?.id).slice(0, options.k);
      const row = own?.row ?? null;
      const shown = row === null ? null : index.pictures!.dataset.picture(row).catch(() => null);
      return {
        query,
        name: query.kind === "id" ? query.id : basename(query.path),
        picture: pictures.get(query) ?? (await shown),
        className: own?.className ?? null,
        found: found.map(describe),
      };
    }),
  );
}

async function queryVectors(
  index: OpenedIndex,
  queries: readonly Query[],
  pictures: ReadonlyMap<Query, Picture>,
  options: SearchOptions,
): Promise<Vectors> {
  const { dim } = index.backend;
  const data = new Float32Array(queries.length * dim);
  const embedded = pictures.size > 0 ? await embedFiles(index, [...pictures.values()], options) : null;
  let next = 0;
  for (const [at, query] of queries.entries()) {
    const vector =
      query.kind === "id"
        ? await storedVector(index, query.id)
        : embedded!.data.subarray(next * dim, ++next * dim);
    data.set(vector, at * dim);
  }
  return { count: queries.length, dim, data };
}

async function embedFiles(
  index: OpenedIndex,
  pictures: readonly Picture[],
  { model, threads }: SearchOptions,
): Promise<Vectors> {
  const encoder = await openEncoder(model ?? (await modelOfIndex(index, "name one with --model")), {
    threads,
  });
  try {
    const vectors = await encoder.embed(pictures);
    if (vectors.dim === index.backend.dim) return vectors;
    throw new UsageError(
      `${model?.where ?? index.where}: makes vectors of ${vectors.dim} numbers, ${index.where} holds some of ` +
        `${index.backend.dim}; give the model that it was made with`,
    );
  } finally {
    await encoder.close();
  }
}

async function storedVector({ where, backend }: OpenedIndex, id: string): Promise<Float32Array> {
  const vector = await backend.vectorOf(id);
  if (vector !== null) return vector;
  const like: string[] = [];
  for (const known of backend.ids()) {
    if (known.includes(id) || like.length === 0) like.push(known);
    if (like.length > MOST_NAMED) break;
  }
  throw new UsageError(
    `--id ${id}: is not in ${where}, expected one of its ${backend.count} ids, such as ` +
      `${like.slice(-MOST_NAMED).join(", ")}; correct the id`,
  );
}

/** Labels are shown, and decide nothing. */
function describer({ pictures }: OpenedIndex): (hit: Hit) => FoundPicture {
  const labels = pictures && labelsOf(pictures.dataset);
  return (hit) => {
    const row = pictures?.rowOf(hit.id) ?? null;
    const className = labels && row !== null ? pictures.dataset.classNames[labels[row]!]! : null;
    return { ...hit, row, className };
  };
}
