/** @file Which collection is shown: the one that is served, or what was learned in this tab. */

import { useMemo, useState } from "preact/hooks";
import { openEngine, type Engine, type WebRuntime } from "../engine/engine.js";
import type { MemoryCollection } from "../learn/learn.js";
import { go } from "./route.js";

export interface Shown {
  readonly engine: Engine;
  /** Another one for each collection that is shown. */
  readonly turn: number;
  /** @throws ArtifactError or ProviderError as openEngine does; the collection before then stays */
  openLearned(files: MemoryCollection): Promise<void>;
  /** null: the collection that is served is the one that is shown. */
  readonly leaveLearned: (() => void) | null;
}

export function useShownEngine(served: Engine, runtime: "auto" | WebRuntime): Shown {
  const [{ learned, turn }, show] = useState<{ learned: Engine | null; turn: number }>({
    learned: null,
    turn: 0,
  });
  return useMemo(() => {
    const replace = (by: Engine | null): void => {
      show({ learned: by, turn: turn + 1 });
      go({ view: "search", query: null });
      learned?.close();
    };
    return {
      engine: learned ?? served,
      turn,
      openLearned: async (files) => replace(await openEngine(files, { runtime })),
      leaveLearned: learned === null ? null : () => replace(null),
    };
  }, [learned, turn]);
}
