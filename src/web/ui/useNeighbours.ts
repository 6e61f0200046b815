/** @file The neighbours of what the address names. */

import { useEffect, useState } from "preact/hooks";
import type { Found } from "../engine/engine.js";
import type { Query } from "./route.js";
import { nameOf, useShared, type Shared } from "./shared.js";
import { counted, cosine } from "./text.js";

/** Neighbours asked for, where voting does not need more. */
const MOST_SHOWN = 240;

export interface Neighbours {
  /** Of the query before, while those of this one are on their way; null: none yet. */
  readonly found: readonly Found[] | null;
  /** The picture is no longer here, or never was. */
  readonly missing: boolean;
}

export function useNeighbours(query: Query): Neighbours {
  const shared = useShared();
  const [found, setFound] = useState<readonly Found[] | null>(null);
  const missing =
    "row" in query
      ? query.row >= shared.engine.collection.pictures
      : shared.dropped.at(query.dropped) === null;
  useEffect(() => {
    if (missing) return undefined;
    let wanted = true;
    search(query, shared).then(
      (neighbours) => {
        if (!wanted) return;
        setFound(neighbours);
        shared.announce(spoken(neighbours, shared));
      },
      (error: unknown) => {
        if (wanted) setFound([]);
        shared.fail(error);
      },
    );
    return () => {
      wanted = false;
    };
  }, ["row" in query, "row" in query ? query.row : query.dropped, missing]);
  return { found, missing };
}

async function search(query: Query, { engine, dropped, timed }: Shared): Promise<readonly Found[]> {
  const k = Math.max(MOST_SHOWN, engine.collection.vote.k);
  const vector = "row" in query ? null : await dropped.at(query.dropped)!.vector();
  const start = performance.now();
  const found =
    vector === null
      ? await engine.searchRow((query as { row: number }).row, k)
      : await engine.search(vector, k);
  timed(performance.now() - start);
  return found;
}

function spoken(found: readonly Found[], { engine }: Shared): string {
  const [nearest] = found;
  if (!nearest) return "No other picture.";
  return `${counted(found.length, "neighbour")}. Most alike: ${nameOf(engine, nearest.row)}, similarity ${cosine(nearest.similarity)}.`;
}
