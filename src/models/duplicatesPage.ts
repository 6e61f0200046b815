/** @file A page of duplicates: each group side by side, the picture to keep first. */

import { printGallery, type Tile, type TileRow } from "../report/gallery.js";
import { counted } from "../report/text.js";
import type { Duplicate, Duplicates } from "./duplicates.js";
import type { NamedPictures } from "./namedPictures.js";
import { thumbnailAt } from "./thumbnail.js";

/** Pictures on the page: each is some kilobytes. */
const MOST_PICTURES = 2000;

export async function printDuplicatesPage(
  dataset: NamedPictures,
  { groups, threshold, pictures }: Duplicates,
): Promise<string> {
  const copies = groups.reduce((sum, { length }) => sum + length - 1, 0);
  const rows: TileRow[] = [];
  let shown = 0;
  for (const [at, group] of groups.entries()) {
    if (shown + group.length > MOST_PICTURES && shown > 0) break;
    shown += group.length;
    const tiles: Tile[] = [];
    for (const [place, picture] of group.entries())
      tiles.push(tileOf(picture, place === 0, await thumbnailAt(dataset, picture.row)));
    const least = Math.min(...group.map(({ likeness }) => likeness));
    const note = `${counted(group.length, "picture")}, alike from ${least.toFixed(3)}`;
    rows.push({ title: `Group ${at + 1}`, note, tiles });
  }
  const left = groups.length - rows.length;
  return printGallery({
    title: `Duplicates in ${dataset.name}`,
    facts: [
      `${counted(groups.length, "group")} among ${counted(pictures, "picture")}; ${counted(copies, "copy", "copies")} could go. ` +
        `Framed: the largest of each group, to keep.`,
      `Likeness is 1 for the same pixels; pictures from ${threshold.toFixed(3)} on that stand out from the others count as copies. Nothing was deleted.`,
      ...(left > 0
        ? [`The first ${rows.length} groups are shown; ${counted(left, "group")} more in --json.`]
        : []),
    ],
    rows,
  });
}

function tileOf(picture: Duplicate, keep: boolean, thumbnail: Tile["thumbnail"]): Tile {
  const { id, width, height, likeness } = picture;
  return {
    thumbnail,
    alt: `${keep ? "to keep" : "copy"}: ${id}`,
    lines: [id, `${width} × ${height}${keep ? ", keep" : ""}`, `likeness ${likeness.toFixed(3)}`],
    mark: keep ? "first" : null,
  };
}
