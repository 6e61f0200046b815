/** @file The rows of a collection as the API tells of them: ids, labels and where their pictures are. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { COLLECTION, type Collection } from "../artifact/collection.js";
import { readSafetensors } from "../artifact/safetensors.js";
import { unpackTensor } from "../ir/rawTensor.js";
import type { CachedCollection } from "./collection/cached.js";

export interface Catalogue {
  readonly description: Collection;
  readonly ids: readonly string[];
  /** [ids.length] into classNames, or -1; null: there are no classes. */
  readonly labels: ArrayLike<number> | null;
  /** null: no such id. */
  rowOf(id: string): number | null;
}

/** @throws ArtifactError when the collection is damaged */
export async function readCatalogue({ folder, description }: CachedCollection): Promise<Catalogue> {
  const file = join(folder, COLLECTION.vectors);
  const { tensors } = readSafetensors(await readFile(file), file);
  const ids = new TextDecoder().decode(tensors.get("ids")!.bytes).split("\0").slice(0, -1);
  const labels = tensors.get("labels");
  const rows = new Map(ids.map((id, row) => [id, row]));
  return {
    description,
    ids,
    labels: labels === undefined ? null : unpackTensor(labels, `${file}, labels`).data,
    rowOf: (id) => rows.get(id) ?? null,
  };
}
