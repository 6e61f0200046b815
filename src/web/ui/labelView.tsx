/** @file Label: name classes, click a few examples of each, and let their neighbours label the rest. */

import { AskView } from "./askView.js";
import { ClassPanel } from "./classPanel.js";
import { ExportPanel } from "./exportPanel.js";
import { LabelGrid } from "./labelGrid.js";
import { LabelProgress } from "./labelProgress.js";
import { hashOf } from "./route.js";

const WAYS = [
  { asking: false, name: "Pick pictures" },
  { asking: true, name: "Ask me" },
] as const;

export function LabelView({ asking }: { readonly asking: boolean }) {
  return (
    <div class={asking ? "beside labelling asking" : "beside labelling"}>
      <aside class="side" aria-label="Classes and progress">
        <ClassPanel />
        <LabelProgress />
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
