/** @file Map: every picture as a point, alike ones near each other. */

import { useMemo, useState } from "preact/hooks";
import { MapCanvas } from "./mapCanvas.js";
import { PointGrid } from "./mapGeometry.js";
import { fieldsOf, groupsFor, type Colouring, type Groups } from "./mapGroups.js";
import { MapList } from "./mapList.js";
import { MapSelection } from "./mapSelection.js";
import { colourOf } from "./palette.js";
import { go } from "./route.js";
import { nameOf, useShared } from "./shared.js";
import { counted, whole } from "./text.js";

const NOTHING: ReadonlySet<number> = new Set();

export function MapView() {
  const { engine, labels } = useShared();
  const { map, collection } = engine;
  const { labelling, predictions, sureFrom } = labels;
  const [colouring, setColouring] = useState<Colouring>(engine.labels === null ? "labelling" : "labels");
  const [group, setGroup] = useState<number | null>(null);
  const groups = useMemo(
    () => groupsFor(colouring, engine, labels),
    [colouring, engine, predictions, sureFrom, labelling.classes],
  );
  const listed = useMemo(
    () => (groups.names.length > 0 || map === null ? groups : fieldsOf(map)),
    [groups, map],
  );
  return (
    <>
      <div class="beside map">
        <aside class="side" aria-label="Colours">
          <section>
            <label class="inline">
              <h2>Coloured by</h2>
              <select
                value={colouring}
                onChange={({ currentTarget }) => {
                  setColouring(currentTarget.value as Colouring);
                  setGroup(null);
                }}
              >
                {engine.labels !== null && <option value="labels">its labels</option>}
                <option value="labelling">your labels</option>
              </select>
            </label>
            <Legend groups={groups} group={group} onGroup={setGroup} />
          </section>
          <p class="small">
            Alike pictures lie near each other. Hover to see one, click to search, draw around some to label
            them.
          </p>
        </aside>
        {map === null ? (
          <p>
            {collection.name} has no map: it has too few pictures, or was written without one. Its pictures
            stand below.
          </p>
        ) : (
          <PointMap map={map} groups={groups} group={group} />
        )}
      </div>
      <MapList groups={listed} />
    </>
  );
}

interface LegendProps {
  readonly groups: Groups;
  readonly group: number | null;
  onGroup(group: number | null): void;
}

function Legend({ groups, group, onGroup }: LegendProps) {
  if (groups.names.length === 0) return <p class="small">No class yet: add one under Label.</p>;
  return (
    <div class="legend" role="group" aria-label="Show one group alone">
      {groups.names.map((name, place) => (
        <button
          key={name}
          type="button"
          style={{ "--tone": colourOf(place) }}
          aria-pressed={group === place}
          onClick={() => onGroup(group === place ? null : place)}
        >
          <span class="dot" />
          <span class="class-name">{name}</span>
          <span class="small">{whole(groups.sizes[place]!)}</span>
        </button>
      ))}
    </div>
  );
}

interface PointMapProps {
  readonly map: Float32Array;
  readonly groups: Groups;
  readonly group: number | null;
}

function PointMap({ map, groups, group }: PointMapProps) {
  const { engine, sprites, announce } = useShared();
  const [lasso, setLasso] = useState(false);
  const [fit, setFit] = useState(0);
  const [rows, setRows] = useState<readonly number[]>([]);
  const grid = useMemo(() => new PointGrid(map), [map]);
  const selected = useMemo(() => (rows.length === 0 ? NOTHING : new Set(rows)), [rows]);
  const colours = groups.names.map((_, place) => colourOf(place));
  return (
    <div>
      <div class="map-frame">
        <MapCanvas
          {...{ map, grid, sprites, colours, group, selected, lasso, fit }}
          groups={groups.of}
          label={`Map of ${counted(engine.collection.pictures, "picture")}. Arrow keys move, plus and minus zoom, Enter searches the picture in the middle. The same is a list below.`}
          onPick={(row) => go({ view: "search", query: { row } })}
          onLasso={(inside) => {
            setRows(inside);
            announce(`${counted(inside.length, "picture")} selected`);
          }}
          onMiddle={(row) => announce(nameOf(engine, row))}
        />
        <div class="map-tools">
          <button type="button" aria-pressed={lasso} onClick={() => setLasso(!lasso)}>
            Lasso
          </button>
          <button type="button" onClick={() => setFit(fit + 1)}>
            Show all
          </button>
        </div>
      </div>
      {rows.length > 0 && <MapSelection rows={rows} onClear={() => setRows([])} />}
    </div>
  );
}
