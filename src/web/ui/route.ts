/** @file Where the reader is, kept in the hash of the address: links, "back" and bookmarks work, on any static host. */

import { useEffect, useState } from "preact/hooks";

/** What is searched for: a picture of the collection, or the nth that was dropped since the page was opened. */
export type Query = { readonly row: number } | { readonly dropped: number };

export type Route =
  | { readonly view: "search"; readonly query: Query | null }
  | { readonly view: "label"; readonly asking: boolean }
  | { readonly view: "map" }
  | { readonly view: "learn" };

/** The route of a hash; an unknown one leads to the start. */
export function parseRoute(hash: string): Route {
  const [view, kind, number] = hash.replace(/^#\/?/, "").split("/");
  if (view === "label") return { view, asking: kind === "ask" };
  if (view === "map" || view === "learn") return { view };
  if (view === "search" && number !== undefined && /^\d+$/.test(number)) {
    if (kind === "row") return { view, query: { row: Number(number) } };
    if (kind === "dropped") return { view, query: { dropped: Number(number) } };
  }
  return { view: "search", query: null };
}

export function hashOf(route: Route): string {
  switch (route.view) {
    case "map":
      return "#/map";
    case "learn":
      return "#/learn";
    case "label":
      return route.asking ? "#/label/ask" : "#/label";
    case "search":
      if (route.query === null) return "#/search";
      return "row" in route.query
        ? `#/search/row/${route.query.row}`
        : `#/search/dropped/${route.query.dropped}`;
  }
}

export function searchHash(row: number): string {
  return hashOf({ view: "search", query: { row } });
}

export function go(route: Route): void {
  location.hash = hashOf(route);
}

/** Marks entries of the browser's history: "back" finds it, a new place does not. */
const VISITED = "visited";

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => {
      setHash(location.hash);
      // A new place is read from its top; on the way back the browser finds where the reader was.
      if (history.state !== VISITED) scrollTo(0, 0);
      history.replaceState(VISITED, "");
    };
    history.replaceState(VISITED, "");
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return parseRoute(hash);
}
