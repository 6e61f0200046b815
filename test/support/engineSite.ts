/** @file A site for browser tests: the engine's page, a collection of a trained run, and its pictures as files. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Picture } from "../../src/data/dataset.js";
import { decodePicture } from "../../src/data/decode.js";
import { encodePng } from "../../src/data/encode.js";
import { openEncoder } from "../../src/models/encoder.js";
import type { Vectors } from "../../src/search/vectors.js";
import { readSource } from "../../src/serve/collection/source.js";
import { writeCollection } from "../../src/serve/collection/writeCollection.js";
import type { LoadedCollection } from "../../src/web/engine/loadCollection.js";
import { inColour, readCollection } from "./collectionFiles.js";
import { buildEnginePage } from "./enginePage.js";
import { serveFolders, type StaticServer } from "./staticServer.js";

export interface EngineSite {
  readonly server: StaticServer;
  /** Where the engine's page is. */
  readonly page: string;
  /** Folder of the collection and where it is. */
  readonly folder: string;
  readonly collection: string;
  readonly loaded: LoadedCollection;
  /** Where picture 0, 1, … is. */
  pictureUrl(row: number): string;
  /** Their vectors, by onnxruntime-node on the CPU. */
  readonly expected: Vectors;
  close(): Promise<void>;
}

/**
 * Page and collection lie at paths of their own: nothing may rely on the root.
 * @param pictures how many, from the first on
 */
export async function openEngineSite(
  folder: string,
  run: string,
  pictures: number,
  options: Parameters<typeof serveFolders>[1] = {},
): Promise<EngineSite> {
  const [page, collection, files] = ["page", "collection", "pictures"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const source = await readSource(run);
  await writeCollection(source, collection, {});
  await buildEnginePage(page);
  mkdirSync(files);
  const decoded: Picture[] = [];
  for (let row = 0; row < pictures; row++) {
    const path = join(files, `${row}.png`);
    writeFileSync(path, await encodePng(inColour(await source.picture(source.ids[row]!))));
    decoded.push(await decodePicture(readFileSync(path), path));
  }
  const encoder = await openEncoder(source.model, { threads: 1 });
  const expected = await encoder.embed(decoded);
  await encoder.close();
  const folders = { "/deep/page/": page, "/deep/collection/": collection, "/pictures/": files };
  const server = await serveFolders(folders, options);
  return {
    ...{ server, folder: collection, expected, loaded: readCollection(collection) },
    page: `${server.origin}/deep/page/`,
    collection: `${server.origin}/deep/collection/`,
    pictureUrl: (row) => `${server.origin}/pictures/${row}.png`,
    close: () => server.close(),
  };
}
