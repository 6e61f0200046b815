/** @file The map in words and pictures, for those who do not see it: its groups, each from its middle outwards. */

import { useMemo, useState } from "preact/hooks";
import { membersOf, type Groups } from "./mapGroups.js";
import { PictureGrid } from "./pictureGrid.js";
import { searchHash } from "./route.js";
import { captionOf, useShared } from "./shared.js";
import { counted } from "./text.js";

const MOST_SHOWN = 24;

export function MapList({ groups }: { readonly groups: Groups }) {
  const { names, sizes } = groups;
  return (
    <section class="groups" aria-labelledby="groups-title">
      <h2 id="groups-title">The same as a list</h2>
      <div>
        {names.map(
          (name, group) =>
            sizes[group]! > 0 && (
              <Group key={name} name={name} size={sizes[group]!} group={group} groups={groups} />
            ),
        )}
      </div>
    </section>
  );
}

interface GroupProps {
  readonly name: string;
  readonly size: number;
  readonly group: number;
  readonly groups: Groups;
}

/** Its pictures are looked for only once it is opened. */
function Group({ name, size, group, groups }: GroupProps) {
  const { engine } = useShared();
  const [open, setOpen] = useState(false);
  const rows = useMemo(
    () => (open ? membersOf(groups, group, engine.map).slice(0, MOST_SHOWN) : []),
    [open, groups, group],
  );
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {name} <span class="small">{counted(size, "picture")}</span>
      </summary>
      {rows.length > 0 && (
        <PictureGrid
          label={`${name}, the middle of the group first`}
          cells={rows.map((row) => ({ row, ...captionOf(engine, row) }))}
          hrefOf={searchHash}
        />
      )}
    </details>
  );
}
