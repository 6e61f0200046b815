/** @file The pictures of an index folder: as its sets name them, and found again. */

import path from "node:path";
import type { PictureSet } from "../artifact/searchIndex.js";
import { DATA_FORMATS, openDataset, type DataFormat, type DataSource } from "../data/dataset.js";
import type { DownloadOptions } from "../data/download/resolveDataset.js";
import { kindOfPath } from "../data/files.js";
import { sourceOfFiles } from "../data/formats/folder.js";
import { joinSources } from "../data/formats/joined.js";
import { hasPictureExtension } from "../data/pictureNames.js";
import { ArtifactError } from "../errors.js";
import {
  locatePictures,
  takePart,
  type LocatedPictures,
  type NamedSource,
  type Part,
} from "./locatePictures.js";
import { picturesOfRun } from "./pictures.js";

/** A set that is not yet told apart from others. */
type WithoutPrefix<Set> = Set extends PictureSet ? Omit<Set, "prefix"> : never;
export type NewPictureSet = WithoutPrefix<PictureSet>;

/** Single files are one set, whatever their names. */
export interface NamedSet {
  readonly set: NewPictureSet;
  /** Of a set of single files: relative to its folder. */
  readonly files: readonly string[] | null;
}

/** What a person names as pictures. @param paths folders, files, names of data sets, single pictures */
export async function setsOfPaths(
  paths: readonly string[],
  { format = null, part = "all" }: { readonly format?: DataFormat | null; readonly part?: Part } = {},
): Promise<NamedSet[]> {
  const files: string[] = [];
  const sets: NamedSet[] = [];
  for (const given of new Set(paths)) {
    const kind = await kindOfPath(given);
    if (kind === "file" && hasPictureExtension(path.basename(given))) files.push(path.normalize(given));
    else {
      // The name of a data set is no path.
      const place = kind === null ? given : path.resolve(given);
      sets.push({ set: { kind: "data", path: place, format, part }, files: null });
    }
  }
  if (files.length > 0) sets.push({ set: { kind: "files", path: process.cwd() }, files });
  return sets;
}

/** The set among those of an index, as it stands there, or under a prefix of its own. */
export function prefixSet(sets: readonly PictureSet[], set: NewPictureSet): PictureSet {
  const same = (other: PictureSet): boolean => {
    const { prefix: _, ...rest } = other;
    return Object.entries(rest).every(([key, value]) => (set as Record<string, unknown>)[key] === value);
  };
  const known = sets.find(same);
  if (known) return known;
  // A single file that has the id of a picture of a set is most likely that picture.
  const alike = sets.filter(({ kind }) => (kind === "files") === (set.kind === "files"));
  const taken = new Set(alike.map(({ prefix }) => prefix));
  const name = path.basename(set.path);
  const part = "part" in set && set.part !== "all" ? `${set.part}/` : "";
  const prefix = ["", `${name}/`, `${name}/${part}`, `${set.path}/`, `${set.path}/${part}`].find(
    (one) => !taken.has(one),
  );
  if (prefix !== undefined) return { ...set, prefix };
  throw new ArtifactError(
    `${set.path}: is in the index already, read as another format, expected one reading; ` +
      "name the same --data-format as before, or write another index",
  );
}

/**
 * Finds the pictures of a set again, with the ids that they have in the index.
 * @param files of a set of single files
 * @throws DataError when they are no longer there
 */
export async function locateSet(
  set: PictureSet,
  files: readonly string[],
  options: DownloadOptions = {},
): Promise<LocatedPictures> {
  const { prefix } = set;
  const named = ({ sources, skipped }: LocatedPictures): LocatedPictures => ({
    sources: sources.map((one) => ({ ...one, prefix: prefix + one.prefix })),
    skipped,
  });
  switch (set.kind) {
    case "data": {
      const format = DATA_FORMATS.find((name) => name === set.format);
      return named(await locatePictures([set.path], { ...options, format, part: set.part }));
    }
    case "run": {
      const located = await picturesOfRun(set.path, options);
      return named({ sources: takePart(set.path, located, set.part), skipped: located.skipped });
    }
    case "files": {
      if (files.length === 0) return { sources: [], skipped: [] };
      const list = { format: "list", root: set.path, files, labels: null, classNames: [] } as const;
      return named({ sources: [{ source: sourceOfFiles(list), prefix: "" }], skipped: [] });
    }
  }
}

/**
 * All pictures of an index.
 * @param ids of the index: among them are the names of single files
 * @returns null where nobody said where they are
 * @throws DataError when they are no longer there
 */
export async function locateSets(
  sets: readonly PictureSet[],
  ids: Iterable<string>,
  where: string,
  options: DownloadOptions = {},
): Promise<DataSource | null> {
  const parts: NamedSource[] = [];
  const take = async (set: PictureSet, files: readonly string[]) =>
    parts.push(...(await locateSet(set, files, options)).sources);
  for (const set of sets) if (set.kind !== "files") await take(set, []);
  const loose = sets.filter(({ kind }) => kind === "files");
  if (loose.length > 0) {
    const inSets = await idsOf(parts);
    const rest = [...ids].filter((id) => !inSets.has(id));
    // The longest prefix first: an empty one fits all.
    const byLength = loose.toSorted((a, b) => b.prefix.length - a.prefix.length);
    for (const set of loose) {
      const files = rest.filter((id) => byLength.find(({ prefix }) => id.startsWith(prefix)) === set);
      const names = files.map((id) => id.slice(set.prefix.length));
      await take(set, names);
    }
  }
  return parts.length === 0 ? null : joinSources(parts, path.basename(path.resolve(where)));
}

async function idsOf(parts: readonly NamedSource[]): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const { source, prefix } of parts) {
    const dataset = await openDataset(source);
    for (let row = 0; row < dataset.size; row++) ids.add(prefix + dataset.id(row));
  }
  return ids;
}
