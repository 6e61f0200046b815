/** @file Pictures that were drawn around: looked at, and labelled all at once. */

import { ClassChips } from "./classChips.js";
import { PictureGrid } from "./pictureGrid.js";
import { hashOf, searchHash } from "./route.js";
import { nameOf, useShared } from "./shared.js";
import { counted } from "./text.js";

const MOST_SHOWN = 48;

interface MapSelectionProps {
  readonly rows: readonly number[];
  onClear(): void;
}

export function MapSelection({ rows, onClear }: MapSelectionProps) {
  const { engine, labels, announce } = useShared();
  const { labelling, change } = labels;
  const label = (name: string): void => {
    change((to) => to.label(rows, name));
    announce(`${counted(rows.length, "picture")} labelled ${name}`);
  };
  return (
    <section class="selection" aria-labelledby="selection-title">
      <div class="heading">
        <h2 id="selection-title">{counted(rows.length, "picture")} selected</h2>
        <button type="button" onClick={onClear}>
          Clear
        </button>
      </div>
      {labelling.classes.length === 0 ? (
        <p>
          To label them, <a href={hashOf({ view: "label", asking: false })}>name a class</a> first.
        </p>
      ) : (
        <ClassChips textOf={(name) => `All are ${name}`} onPick={label} />
      )}
      <PictureGrid
        label={`The first of ${counted(rows.length, "selected picture")}`}
        cells={rows.slice(0, MOST_SHOWN).map((row) => ({
          row,
          heard: nameOf(engine, row),
          caption: labelling.examples.get(row) ?? "not labelled",
        }))}
        hrefOf={searchHash}
      />
    </section>
  );
}
