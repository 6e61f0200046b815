/** @file Pictures to click: each click makes one an example of the chosen class, or takes that back. */

import { useEffect, useState } from "preact/hooks";
import { rowsToShow, SOURCES, type Source } from "./labelSummary.js";
import { colourOf } from "./palette.js";
import { PictureGrid, type GridCell } from "./pictureGrid.js";
import { sampleRows } from "./sample.js";
import { captionOf, nameOf, useShared, type Shared } from "./shared.js";
import { percent } from "./text.js";
import { classOfKey, useKeys } from "./useKeys.js";

const MOST_SHOWN = 96;

export function LabelGrid() {
  const shared = useShared();
  const { labels } = shared;
  const { labelling, active } = labels;
  const [source, setSource] = useState<Source>(() => (labelling.examples.size > 0 ? "like" : "some"));
  const [turn, setTurn] = useState(0);
  const rows = useRows(shared, source, turn);
  useUndoKeys(shared);
  const label = (row: number, name: string | null): void => {
    labels.change((to) => to.label([row], name));
    shared.announce(name === null ? `${nameOf(shared.engine, row)}: no example` : `Example of ${name}`);
  };
  const pick = (row: number): void => {
    if (active === null) return document.querySelector<HTMLInputElement>(".add input")?.focus();
    label(row, labelling.examples.get(row) === active ? null : active);
  };
  return (
    <section aria-label="Pictures to label">
      <div class="heading">
        <p class="hint">
          {hint(shared)} {active !== null && <span class="keys">By keys: a digit names the class.</span>}
        </p>
        <p class="actions">
          <select
            aria-label="Which pictures"
            value={source}
            onChange={({ currentTarget }) => setSource(currentTarget.value as Source)}
          >
            {SOURCES.map((one) => (
              <option key={one} value={one}>
                {nameOfSource(one, active)}
              </option>
            ))}
          </select>
          <button type="button" onClick={() => setTurn(turn + 1)}>
            {source === "some" ? "Show others" : "Refresh"}
          </button>
        </p>
      </div>
      {rows.length === 0 && <p class="small">{nothing(source, active)}</p>}
      <PictureGrid
        label="Pictures to label"
        cells={rows.map((row) => cellOf(shared, row))}
        onPick={pick}
        onKey={(event, row) => {
          const named = classOfKey(event.key, labelling.classes);
          if (named !== undefined) label(row, named);
          else if (event.key === "Backspace" || event.key === "Delete") label(row, null);
          else return;
          event.preventDefault();
        }}
      />
    </section>
  );
}

/** Chosen anew only when the reader wishes: pictures must not change their places under a hand that clicks them. */
function useRows({ engine, labels }: Shared, source: Source, turn: number): readonly number[] {
  const [rows, setRows] = useState<readonly number[]>([]);
  const { active, predictions } = labels;
  const needsPredictions = source === "like" || source === "unsure";
  useEffect(() => {
    setRows(
      source === "some"
        ? sampleRows(engine.collection.pictures, MOST_SHOWN, turn)
        : rowsToShow(source, labels, MOST_SHOWN),
    );
  }, [source, turn, source === "like" ? active : null, needsPredictions && predictions !== null]);
  return rows;
}

function useUndoKeys({ labels }: Shared): void {
  useKeys(({ key }) => {
    if (key === "z") labels.undo();
    else if (key === "y" || key === "Z") labels.redo();
    else return false;
    return true;
  });
}

function cellOf({ engine, labels }: Shared, row: number): GridCell {
  const { labelling, predictions } = labels;
  const name = nameOf(engine, row);
  const given = labelling.examples.get(row);
  if (given !== undefined) {
    return {
      row,
      heard: `${name}: example of`,
      caption: <b>{given}</b>,
      tone: colourOf(labelling.classes.indexOf(given)),
      sure: true,
    };
  }
  const place = predictions?.classOf[row] ?? -1;
  const guess = labelling.classes[place];
  if (guess === undefined) return { row, ...captionOf(engine, row) };
  const probability = percent(predictions!.probability[row]!);
  return {
    row,
    heard: `${name}: probably`,
    caption: (
      <>
        <b>{probability}</b> {guess}
      </>
    ),
    tone: colourOf(place),
    sure: false,
  };
}

function hint({ labels }: Shared): string {
  if (labels.active === null) return "Name a class first, then click pictures that belong to it.";
  return `Click pictures that are examples of ${labels.active}.`;
}

function nameOfSource(source: Source, active: string | null): string {
  switch (source) {
    case "some":
      return "Some of all";
    case "like":
      return active === null ? "Most like the class" : `Most like ${active}`;
    case "unsure":
      return "Least certain";
    case "given":
      return "Examples";
  }
}

function nothing(source: Source, active: string | null): string {
  if (source === "given") return "There is no example yet.";
  return source === "like" && active !== null
    ? `Nothing is taken for ${active} yet: click an example among some of all pictures.`
    : "Nothing to be unsure about yet: click some examples first.";
}
