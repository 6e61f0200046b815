/** @file Files that the page makes, handed to the browser's downloads. */

import type { Engine } from "../engine/engine.js";
import { download } from "../engine/download.js";
import { planFolders, type Labelled } from "../engine/labelFiles.js";
import { zipParts, type ZipEntry } from "../engine/zip.js";
import type { Sprites } from "./sprites.js";

/** Pictures fetched at once. */
const AT_ONCE = 6;

export function saveFile(name: string, content: BlobPart): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content]));
  link.download = name;
  link.click();
  // Not at once: some browsers begin to read only later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * A folder for each class, in a zip file, as training reads it once unpacked.
 * @throws ArtifactError when a picture does not load; UsageError when there are too many for a zip file
 */
export async function zipOfPictures(
  { collection, ids }: Engine,
  sprites: Sprites,
  labelled: readonly Labelled[],
  onProgress: (done: number) => void,
): Promise<Blob> {
  const plan = planFolders(labelled, ids, collection.originals ? "jpg" : "png");
  const entries: ZipEntry[] = new Array<ZipEntry>(plan.length);
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    for (let at = next++; at < plan.length; at = next++) {
      const { path, row } = plan[at]!;
      entries[at] = { path, bytes: await pictureBytes(sprites, row) };
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return new Blob(zipParts(entries), { type: "application/zip" });
}

/** Of the larger picture, or else of its thumbnail, cut out without loss. */
async function pictureBytes(sprites: Sprites, row: number): Promise<Uint8Array<ArrayBuffer>> {
  const url = sprites.pictureUrl(row);
  if (url !== null) return download(new URL(url));
  return new Uint8Array(await (await sprites.cut(row)).arrayBuffer());
}
