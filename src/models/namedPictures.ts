/** @file Several sets of pictures as one, without their labels. */

import { openDataset, type Dataset } from "../data/dataset.js";
import { joinSources } from "../data/formats/joined.js";
import { pictureFile, type NamedSource } from "./locatePictures.js";

export interface NamedPictures extends Dataset {
  readonly sources: readonly NamedSource[];
  /** Absolute path of the file that a picture is; null: it lies in a larger one. */
  file(row: number): string | null;
}

/** Rows run through the sets in their order. @param sources one at least */
export async function openNamed(sources: readonly NamedSource[]): Promise<NamedPictures> {
  const all = joinSources(sources, sources.map(({ source }) => source.name).join("; "));
  return {
    ...(await openDataset(all)),
    sources,
    classNames: [],
    label: () => null,
    file: (row) => pictureFile(all, row),
  };
}
