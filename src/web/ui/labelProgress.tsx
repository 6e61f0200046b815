/** @file How many pictures the labels settle. */

import type { ClassSummary } from "./labelSummary.js";
import { colourOf } from "./palette.js";
import { useShared } from "./shared.js";
import { percent, whole } from "./text.js";

const THRESHOLDS = [0.5, 0.7, 0.8, 0.9, 0.95, 0.99];

export function LabelProgress({ summaries }: { readonly summaries: readonly ClassSummary[] }) {
  const { labels, engine } = useShared();
  const { sureFrom, setSureFrom } = labels;
  const all = engine.collection.pictures;
  const settled = summaries.reduce((sum, { examples, sure }) => sum + examples + sure, 0);
  return (
    <section class="progress" aria-labelledby="progress-title">
      <h2 id="progress-title">Progress</h2>
      <p class="settled">
        <b>{whole(settled)}</b> of {whole(all)} sure
      </p>
      <span class="bar stacked" aria-hidden="true">
        {summaries.map(({ name, examples, sure }, place) => (
          <span
            key={name}
            style={{ width: `${((examples + sure) / all) * 100}%`, background: colourOf(place) }}
          />
        ))}
      </span>
      <label class="inline">
        <span class="small">Sure means at least</span>
        <select
          value={String(sureFrom)}
          onChange={({ currentTarget }) => setSureFrom(Number(currentTarget.value))}
        >
          {THRESHOLDS.map((threshold) => (
            <option key={threshold} value={String(threshold)}>
              {percent(threshold)}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}
