/** @file A folder as a person has one: pictures, a file that was torn off, and something that is no picture. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PageSite } from "./pageSite.js";

/** Writes `count` PNG files of the site's first rows, "torn.png" and "notes.txt". */
export async function writePictureFolder(site: PageSite, folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let row = 0; row < count; row++) writeFileSync(join(folder, `${row}.png`), await site.png(row));
  writeFileSync(join(folder, "torn.png"), (await site.png(0)).subarray(0, 100));
  writeFileSync(join(folder, "notes.txt"), "not a picture");
}
