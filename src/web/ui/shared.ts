/** @file What every part of the page works with, once the collection is open. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Engine, WebRuntime } from "../engine/engine.js";
import type { MemoryCollection } from "../learn/learn.js";
import type { DroppedPictures } from "./dropped.js";
import type { Labels } from "./useLabels.js";
import type { Sprites } from "./sprites.js";

export interface Shared {
  readonly engine: Engine;
  readonly sprites: Sprites;
  readonly dropped: DroppedPictures;
  readonly labels: Labels;
  /** Says something to those who hear the page rather than see it. */
  announce(text: string): void;
  /** Shows an error at the top of the page until it is closed. */
  fail(error: unknown): void;
  /** As the address asks for it. */
  readonly runtime: "auto" | WebRuntime;
  /** Shows what was learned in this tab in the place of the collection that is served. */
  openLearned(files: MemoryCollection): Promise<void>;
  /** Back to the collection that is served; null: it is the one that is shown. */
  readonly leaveLearned: (() => void) | null;
  /** Tells the status line how long the last search took. */
  timed(ms: number): void;
}

export const SharedContext = createContext<Shared | null>(null);

export function useShared(): Shared {
  return useContext(SharedContext)!;
}

/** Name of a row's own label; null: it has none. */
export function labelOf({ collection, labels }: Engine, row: number): string | null {
  return collection.classNames[labels?.[row] ?? -1] ?? null;
}

/** A row's caption where nothing is known of it but what the collection says, and what is heard before that. */
export function captionOf(engine: Engine, row: number): { readonly heard: string; readonly caption: string } {
  const label = labelOf(engine, row);
  return label === null
    ? { heard: "", caption: engine.ids[row]! }
    : { heard: engine.ids[row]!, caption: label };
}

/** How a row is called where a picture stands for it: its id, and its label if it has one. */
export function nameOf(engine: Engine, row: number): string {
  const label = labelOf(engine, row);
  return label === null ? engine.ids[row]! : `${engine.ids[row]!}, ${label}`;
}
