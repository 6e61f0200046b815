/** @file Learn: pictures of the reader's own, a training in this tab, and a collection made of them. */

import { useEffect, useRef } from "preact/hooks";
import { LearnEnd } from "./learnEnd.js";
import { LearnRun } from "./learnRun.js";
import { LearnStart } from "./learnStart.js";
import type { Phase } from "./learnState.js";
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
  const { phase } = useLearner().state;
  const scene = SCENES[phase];
  const place = useRef<HTMLDivElement>(null);
  const before = useRef(scene);
  useEffect(() => {
    // The button that led here is gone, and the focus with it.
    if (scene !== before.current && document.activeElement === document.body) place.current!.focus();
    before.current = scene;
  }, [scene]);
  return (
    <div class="learn" ref={place} tabIndex={-1}>
      {scene === "start" && <LearnStart />}
      {scene === "run" && <LearnRun />}
      {scene === "end" && <LearnEnd />}
    </div>
  );
}
