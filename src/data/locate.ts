/**
 * @file From the path a user gives to the pictures to learn from and those to evaluate on.
 */

import path from "node:path";
import type { DataFormat, DataSource } from "./dataset.js";
import { hasPictureExtension } from "./pictureNames.js";
import { kindOfPath } from "./files.js";
import { findCifar } from "./formats/cifar.js";
import { classesOf, EVALUATION_PARTS, withEvaluation } from "./formats/finder.js";
import type { Finder, FinderContext, Parts } from "./formats/finder.js";
import { findPictures } from "./formats/folder.js";
import { findIdx } from "./formats/idx.js";
import { findMetadata } from "./formats/list.js";
import { findParquet } from "./formats/parquet.js";
import { nothingFound, refuse, RULES } from "./formats/rules.js";
import { findArchives } from "./formats/webDataset.js";
import { listFolder } from "./folders.js";
import type { SkippedPath } from "./folders.js";
import { complete } from "./holdOut.js";
import { locateSample } from "./sample.js";

export interface LocatedData extends Parts {
  /** What lies there and was not taken: folders that cannot be read, the rest of a damaged archive, ... */
  readonly skipped: readonly SkippedPath[];
}

export interface LocateOptions {
  /** Chooses which pictures are held out, where the data has no evaluation part of its own. */
  readonly seed: number;
  /** The only format to look for; default: what is there decides. */
  readonly format?: DataFormat | undefined;
}

/** The formats that a folder's content shows. Loose pictures come before what may lie among them by chance. */
const recognize: Finder = async (listing, context) => {
  const metadata = await findMetadata(listing, context);
  if (metadata !== null) return metadata;
  if (!listing.files.some(hasPictureExtension)) {
    const parquet = await findParquet(listing, context);
    if (parquet !== null) return parquet;
  }
  const train = await findPictures(listing, context);
  return train === null ? findArchives(listing, context) : { train, evaluate: null };
};

/** train/ with val/ or test/ beside it; a lone train/ is taken for the data itself. */
function inParts(find: Finder, format: DataFormat | undefined): Finder {
  return async (listing, context) => {
    const { folders } = listing;
    if (!folders.includes("train")) return null;
    const part = EVALUATION_PARTS.find((name) => folders.includes(name));
    if (part === undefined && folders.length > 1) return null; // "train" is one class among others
    const lookIn = async (name: string, knownClasses: FinderContext["knownClasses"]): Promise<DataSource> => {
      const inside = await listFolder(path.join(listing.path, name));
      const parts = await find(inside, { ...context, knownClasses });
      if (parts === null) throw nothingFound(inside, format);
      return parts.train;
    };
    const train = await lookIn("train", null);
    return withEvaluation(train, part === undefined ? null : await lookIn(part, classesOf(train)));
  };
}

async function inFolder(
  folder: string,
  format: DataFormat | undefined,
  context: FinderContext,
): Promise<Parts> {
  const listing = await listFolder(folder);
  const find = format === undefined ? recognize : RULES[format].find;
  const finders = format === "flat" ? [find] : [inParts(find, format), find];
  if (format === undefined) finders.unshift(findIdx, findCifar);
  for (const look of finders) {
    const parts = await look(listing, context);
    if (parts !== null) return parts;
  }
  throw nothingFound(listing, format);
}

async function inFile(file: string, format: DataFormat | undefined, context: FinderContext): Promise<Parts> {
  const extension = path.extname(file).toLowerCase();
  const rule =
    format === undefined
      ? Object.values(RULES).find(({ extensions }) => extensions?.includes(extension))
      : RULES[format];
  const train = (await rule?.read?.(file, context)) ?? null;
  if (train !== null) return { train, evaluate: null };
  throw refuse(file, rule?.read === undefined ? "a single file" : "no pictures in the file", format);
}

/**
 * Finds the data at a path.
 * - null: the embedded sample, 8,000 pictures to learn from and 2,000 to evaluate on
 * - a folder: what DATA_FORMATS lists, recognized by looking; with train/ and val/ (or test/), or shards whose
 *   names say so, both parts, labels numbered by the classes of the first
 * - a single file: a list, a tar file or a Parquet file
 * Labelled pictures without an evaluation part: a seeded tenth is held out.
 * @throws DataError (as a rejection) if nothing of the sort is there, or not in the format asked for
 */
export async function locateData(target: string | null, options: LocateOptions): Promise<LocatedData> {
  if (target === null) return { ...(await locateSample()), skipped: [] };
  const skipped: SkippedPath[] = [];
  const context = { knownClasses: null, skipped };
  const { format, seed } = options;
  const kind = await kindOfPath(target);
  if (kind === null) throw refuse(target, "nothing that can be read", format);
  const look = kind === "folder" ? inFolder : inFile;
  return { ...complete(await look(path.resolve(target), format, context), seed), skipped };
}
