/** @file Label: name classes, click a few examples of each, and let their neighbours label the rest. */

import { useMemo } from "preact/hooks";
import { AskView } from "./askView.js";
import { ClassPanel } from "./classPanel.js";
import { ExportPanel } from "./exportPanel.js";
import { LabelGrid } from "./labelGrid.js";
import { LabelProgress } from "./labelProgress.js";
import { summarize } from "./labelSummary.js";
import { hashOf } from "./route.js";
import { useShared } from "./shared.js";

const WAYS = [
  { asking: false, name: "Pick pictures" },
  { asking: true, name: "Ask me" },
] as const;

export function LabelView({ asking }: { readonly asking: boolean }) {
  const { labelling, predictions, sureFrom } = useShared().labels;
  const { classes, examples } = labelling;
  // The labelling is changed in place; a change makes other classes or other examples.
  const summaries = useMemo(
    () => summarize(labelling, predictions, sureFrom),
    [classes, examples, predictions, sureFrom],
  );
  return (
    <div class={asking ? "beside labelling asking" : "beside labelling"}>
      <aside class="side" aria-label="Classes and progress">
        <ClassPanel summaries={summaries} />
        <LabelProgress summaries={summaries} />
        <ExportPanel />
      </aside>
      <div>
        <nav class="ways" aria-label="Ways to label">
          {WAYS.map((way) => (
            <a
              key={way.name}
              data-name={way.name}
              href={hashOf({ view: "label", asking: way.asking })}
              aria-current={way.asking === asking ? "page" : undefined}
            >
              {way.name}
            </a>
          ))}
        </nav>
        {asking ? <AskView /> : <LabelGrid />}
      </div>
    </div>
  );
}
