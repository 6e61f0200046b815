/** @file The page and its collection as plain files, for any static host: no server of ours is needed then. */

import { existsSync } from "node:fs";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { COLLECTION } from "../artifact/collection.js";
import { makeFolder, writeFailure } from "../artifact/node.js";
import { encodeSmaller } from "../data/encode.js";
import { ArtifactError, UsageError } from "../errors.js";
import { readCatalogue } from "./catalogue.js";
import { readSource } from "./collection/source.js";
import { writeCollection } from "./collection/writeCollection.js";
import { PICTURE_SIDE } from "./pageRoutes.js";
import type { TellProgress } from "./progress.js";
import { PAGE_FOLDER } from "./startServer.js";

export interface StaticOptions {
  /** A run folder or an index folder. */
  readonly path: string;
  /** A new or empty folder. */
  readonly out: string;
  /** Larger pictures too, a file each; without them the page shows thumbnails. */
  readonly originals: boolean;
  /** Folder of the built page; default: the one of this package. */
  readonly page?: string;
  readonly tell?: TellProgress;
}

/**
 * @returns pictures in the collection
 * @throws UsageError when the folder is in use; ArtifactError when the page was not built, or there is nothing to show
 */
export async function writeStatic({
  path,
  out,
  originals,
  page = PAGE_FOLDER,
  tell = () => {},
}: StaticOptions): Promise<number> {
  if (!existsSync(join(page, "index.html"))) {
    throw new ArtifactError(`${page}: has no index.html, expected the built page; run npm run build`);
  }
  if ((await readdir(out).catch(() => [])).length > 0) {
    throw new UsageError(`--static ${out}: has files in it, expected a new or empty folder; name another`);
  }
  const source = await readSource(path, tell);
  const folder = join(out, "collection");
  await makeFolder(folder).catch((error: unknown) => {
    throw writeFailure(out, error);
  });
  const description = await writeCollection(source, folder, { originals, tell });
  if (originals) {
    const { ids } = await readCatalogue({ folder, description });
    await mkdir(join(folder, COLLECTION.pictures), { recursive: true });
    for (const [row, id] of ids.entries()) {
      const jpeg = await encodeSmaller(await source.picture(id), PICTURE_SIDE);
      await writeFile(join(folder, COLLECTION.pictures, String(row)), jpeg);
      tell("pictures", row + 1, ids.length);
    }
  }
  // Last, so that a folder with a page in it is whole.
  await cp(page, out, { recursive: true });
  return description.pictures;
}
