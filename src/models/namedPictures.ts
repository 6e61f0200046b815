/** @file Several sets of pictures as one, without their labels. */

import { openDataset, type Dataset } from "../data/dataset.js";
import { pictureFile, type NamedSource } from "./locatePictures.js";

export interface NamedPictures extends Dataset {
  readonly sources: readonly NamedSource[];
  /** Absolute path of the file that a picture is; null: it lies in a larger one. */
  file(row: number): string | null;
}

/** Rows run through the sets in their order. */
export async function openNamed(sources: readonly NamedSource[]): Promise<NamedPictures> {
  const sets = await Promise.all(
    sources.map(async ({ source, prefix }) => ({ source, prefix, dataset: await openDataset(source) })),
  );
  const find = (row: number): { readonly set: (typeof sets)[number]; readonly inSet: number } => {
    let inSet = row;
    for (const set of sets) {
      if (inSet < set.dataset.size) return { set, inSet };
      inSet -= set.dataset.size;
    }
    return { set: sets.at(-1)!, inSet: row }; // out of range: the set says so
  };
  return {
    sources,
    name: sets.map(({ dataset }) => dataset.name).join("; "),
    size: sets.reduce((sum, { dataset }) => sum + dataset.size, 0),
    classNames: [],
    label: () => null,
    id(row) {
      const { set, inSet } = find(row);
      return set.prefix + set.dataset.id(inSet);
    },
    picture(row) {
      const { set, inSet } = find(row);
      return set.dataset.picture(inSet);
    },
    file(row) {
      const { set, inSet } = find(row);
      return pictureFile(set.source, inSet);
    },
  };
}
