/** @file The rows of a collection as the API tells of them: ids, labels and where their pictures are. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { COLLECTION, type Collection } from "../artifact/collection.js";
import { readSafetensors } from "../artifact/safetensors.js";
import { ArtifactError } from "../errors.js";
import type { DType } from "../ir/dtype.js";
import { unpackTensor, type RawTensor } from "../ir/rawTensor.js";
import { unpackIds } from "../search/ids.js";
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
  const where = join(folder, COLLECTION.vectors);
  const remedy = `delete the folder ${folder}, and it is made again`;
  const file = await readFile(where).catch((cause: NodeJS.ErrnoException) => {
    throw new ArtifactError(`${where}: cannot be read (${cause.code}); ${remedy}`, { cause });
  });
  const { tensors } = readSafetensors(file, where);
  const { pictures } = description;
  const check = (name: string, tensor: RawTensor | undefined, dtype: DType, length: number): RawTensor => {
    if (tensor?.dtype === dtype && tensor.shape.join() === String(length)) return tensor;
    const found = tensor ? `is ${tensor.dtype} [${tensor.shape.join(", ")}]` : "is missing";
    throw new ArtifactError(`${where}: tensor ${name} ${found}, expected ${dtype} [${length}]; ${remedy}`);
  };
  const packed = tensors.get("ids");
  const { bytes } = check("ids", packed, "uint8", packed?.bytes.length ?? 0);
  const ids = unpackIds(bytes, pictures, where);
  const labels = tensors.get("labels");
  const rows = new Map(ids.map((id, row) => [id, row]));
  return {
    description,
    ids,
    labels: labels ? unpackTensor(check("labels", labels, "int32", pictures), `${where}, labels`).data : null,
    rowOf: (id) => rows.get(id) ?? null,
  };
}
