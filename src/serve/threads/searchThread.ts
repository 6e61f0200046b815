/** @file The thread that searches. Started by searcher.ts only; it has no exports. */

import { workerData } from "node:worker_threads";
import { openIndex } from "../../models/openIndex.js";
import type { SearchBackend } from "../../search/backend.js";
import { answerQuestions } from "./answerQuestions.js";
import type { Found, Query, SearcherSetup } from "./searcher.js";

const asVector = async (backend: SearchBackend, query: Query): Promise<Float32Array | null> =>
  query.kind === "vector" ? query.vector : backend.vectorOf(query.id);

/** All queries in one search: for as many neighbours as the one that wants most. */
async function searchAll(backend: SearchBackend, queries: readonly Query[]): Promise<Found[]> {
  const { dim } = backend;
  const vectors = await Promise.all(queries.map((query) => asVector(backend, query)));
  const known = vectors.filter((vector) => vector !== null);
  const data = new Float32Array(known.length * dim);
  known.forEach((vector, at) => data.set(vector, at * dim));
  // One more than is wanted: a picture that is searched for by id finds itself first.
  const k = Math.min(1 + Math.max(...queries.map((query) => query.k)), backend.count);
  const found = known.length === 0 ? [] : await backend.search({ count: known.length, dim, data }, k);
  let at = 0;
  return queries.map((query, place) => {
    if (vectors[place] === null) return null;
    const others = found[at++]!.filter(({ id }) => query.kind === "vector" || id !== query.id);
    return others.slice(0, query.k);
  });
}

const { path } = workerData as SearcherSetup;
await answerQuestions(async () => {
  const { backend } = await openIndex(path, { pictures: false });
  return {
    answer: (queries: readonly Query[]) => searchAll(backend, queries),
    close: () => backend.close(),
  };
});
