/** @file Files that the page makes, handed to the browser's downloads. */

import type { Engine } from "../engine/engine.js";
import { planFolders, type Labelled } from "../engine/labelFiles.js";
import { fetchPicture, pictureExtension } from "../engine/pictures.js";
import { zipParts, type ZipEntry } from "../engine/zip.js";
import type { Sprites } from "./sprites.js";

/** Pictures fetched at once. */
const AT_ONCE = 6;

export function download(name: string, content: BlobPart): void {
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
  { base, collection, ids }: Engine,
  sprites: Sprites,
  labelled: readonly Labelled[],
  onProgress: (done: number) => void,
): Promise<Blob> {
  const plan = planFolders(labelled, ids, pictureExtension(collection));
  const entries: ZipEntry[] = new Array<ZipEntry>(plan.length);
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    for (let at = next++; at < plan.length; at = next++) {
      const { path, row } = plan[at]!;
      const picture = await (collection.originals ? fetchPicture(base, collection, row) : sprites.cut(row));
      entries[at] = { path, bytes: new Uint8Array(await picture.arrayBuffer()) };
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return new Blob(zipParts(entries), { type: "application/zip" });
}
