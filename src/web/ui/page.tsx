/** @file The whole page: opens the collection, then shows one of four views on it. */

import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { Engine, WebRuntime } from "../engine/engine.js";
import { DroppedPictures } from "./dropped.js";
import { Header } from "./header.js";
import { LabelView } from "./labelView.js";
import { LearnView } from "./learn/learnView.js";
import { LearnContext, useNewLearner } from "./learn/useLearning.js";
import { CannotOpen, Loading } from "./loading.js";
import { MapView } from "./mapView.js";
import { useRoute, type Route } from "./route.js";
import { SearchDrop } from "./searchDrop.js";
import { SearchView } from "./searchView.js";
import { SharedContext, type Shared } from "./shared.js";
import { Sprites } from "./sprites.js";
import { StatusLine } from "./statusLine.js";
import { messageOf } from "./text.js";
import { useEngine } from "./useEngine.js";
import { useLabels } from "./useLabels.js";
import { useShownEngine, type Shown } from "./useShownEngine.js";

interface PageProps {
  /** The folder with collection.json. */
  readonly base: URL;
  /** The runtime that the address asks for, if any. */
  readonly runtime: string | null;
}

export function Page({ base, runtime }: PageProps) {
  const opening = useEngine(base, runtime);
  if (opening.state === "loading") return <Loading parts={opening.parts} />;
  if (opening.state === "failed") return <CannotOpen error={opening.error} />;
  return <Opened served={opening.engine} runtime={opening.runtime} />;
}

interface OpenedProps {
  readonly served: Engine;
  readonly runtime: "auto" | WebRuntime;
}

/** A training outlives the collection that is shown. */
function Opened({ served, runtime }: OpenedProps) {
  const learner = useNewLearner();
  const shown = useShownEngine(served, runtime);
  return (
    <LearnContext.Provider value={learner}>
      <Views key={shown.turn} shown={shown} runtime={runtime} />
    </LearnContext.Provider>
  );
}

interface ViewsProps {
  readonly shown: Shown;
  readonly runtime: "auto" | WebRuntime;
}

function Views({ shown, runtime }: ViewsProps) {
  const { engine, openLearned, leaveLearned } = shown;
  const route = useRoute();
  const [said, announce] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const [searchMs, timed] = useState<number | null>(null);
  const fail = useCallback((error: unknown) => setFailure(messageOf(error)), []);
  const sprites = useMemo(() => new Sprites(engine), [engine]);
  const dropped = useMemo(() => new DroppedPictures(engine), [engine]);
  const labels = useLabels(engine, fail);
  useEffect(() => {
    document.title = `${titleOf(route, engine)} · ${engine.collection.name}`;
  }, [location.hash]);
  const own = { sprites, dropped, labels, announce, fail, timed };
  const shared: Shared = { engine, runtime, openLearned, leaveLearned, ...own };
  return (
    <SharedContext.Provider value={shared}>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the pictures
      </a>
      <Header view={route.view} />
      {failure !== null && (
        <div class="failure" role="alert">
          <p>{failure}</p>
          <button type="button" onClick={() => setFailure(null)}>
            Close
          </button>
        </div>
      )}
      <main id="main" tabIndex={-1}>
        {route.view === "search" && <SearchView query={route.query} />}
        {route.view === "label" && <LabelView asking={route.asking} />}
        {route.view === "map" && <MapView />}
        {route.view === "learn" && <LearnView />}
      </main>
      <StatusLine searchMs={searchMs} />
      {route.view !== "learn" && <SearchDrop />}
      <p class="heard" role="status">
        {said}
      </p>
    </SharedContext.Provider>
  );
}

/** What the history of the browser calls it. */
function titleOf(route: Route, { ids }: Engine): string {
  if (route.view === "label") return "Label";
  if (route.view === "map") return "Map";
  if (route.view === "learn") return "Learn";
  if (route.query === null) return "Search";
  return "row" in route.query ? `Like ${ids[route.query.row] ?? "nothing"}` : "Like your picture";
}

/** The hash says where the reader is: a link to a part of the page must leave it alone. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
