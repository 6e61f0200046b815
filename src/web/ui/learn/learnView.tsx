/** @file Learn: pictures of the reader's own, a training in this tab, and a collection made of them. */

import { useEffect, useRef } from "preact/hooks";
import { BrokenFiles } from "./brokenFiles.js";
import { LearnEnd, LearnFailed } from "./learnEnd.js";
import { LearnRun } from "./learnRun.js";
import { LearnStart } from "./learnStart.js";
import type { Phase } from "./learnState.js";
import { LossCurve } from "./lossCurve.js";
import { NeighbourStrips } from "./neighbourStrips.js";
import { useLearner } from "./useLearning.js";

/** What is on the page in each phase. */
const SCENES: Readonly<Record<Phase, "start" | "run" | "end">> = {
  choosing: "start",
  preparing: "run",
  learning: "run",
  pausing: "run",
  paused: "run",
  ending: "run",
  finished: "end",
  failed: "end",
};

export function LearnView() {
  const { state } = useLearner();
  const scene = SCENES[state.phase];
  const place = useRef<HTMLDivElement>(null);
  const before = useRef(scene);
  useEffect(() => {
    if (scene === before.current) return;
    // The button that led here is gone, and the focus with it.
    if (document.activeElement === document.body) place.current!.focus({ preventScroll: true });
    if (scene === "run") scrollTo(0, 0);
    before.current = scene;
  }, [scene]);
  return (
    <div class="learn" ref={place} tabIndex={-1}>
      {scene === "start" ? (
        <LearnStart />
      ) : state.phase === "failed" && state.ready === null ? (
        <LearnFailed state={state} />
      ) : (
        // Both scenes have the same places, so that the end of a training moves nothing.
        <div class="beside">
          <aside class="side" aria-label="Progress">
            {scene === "run" ? <LearnRun /> : <LearnEnd />}
            <BrokenFiles broken={state.ready?.broken ?? []} />
          </aside>
          <div class="learned">
            <LossCurve state={state} />
            <NeighbourStrips state={state} />
          </div>
        </div>
      )}
    </div>
  );
}
