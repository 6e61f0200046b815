/**
 * @file From the path a user gives to the pictures to learn from and those to evaluate on.
 */

import path from "node:path";
import { DataError } from "../errors.js";
import { RandomStream } from "../random/philox.js";
import type { DataFormat, DataSource } from "./dataset.js";
import { hasPictureExtension, PICTURE_EXTENSIONS } from "./decode.js";
import { kindOfPath } from "./files.js";
import { findCifar } from "./formats/cifar.js";
import { classesOf, EVALUATION_PARTS, withEvaluation } from "./formats/finder.js";
import type { Finder, FinderContext, Parts } from "./formats/finder.js";
import { findClassFolders, findFlat, findPictures } from "./formats/folder.js";
import { findIdx } from "./formats/idx.js";
import { findList, findMetadata, LIST_EXTENSIONS, readList } from "./formats/list.js";
import { findParquet, readParquet } from "./formats/parquet.js";
import { pickRows } from "./formats/picked.js";
import { findArchives, indexArchives } from "./formats/webDataset.js";
import { listFolder } from "./folders.js";
import type { FolderListing, SkippedPath } from "./folders.js";
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

const HOLD_OUT_PART = 1 / 10;
const HOLD_OUT_MOST = 2000; // pictures

interface FormatRule {
  readonly find: Finder;
  /** For formats of which a single file is a data set. */
  readonly read?: (file: string, context: FinderContext) => Promise<DataSource | null>;
  readonly extensions?: readonly string[];
  readonly expected: string;
}

const split = (file: string): [string, string[]] => [path.dirname(file), [path.basename(file)]];

const RULES: Readonly<Record<DataFormat, FormatRule>> = {
  flat: { find: findFlat, expected: `pictures (${PICTURE_EXTENSIONS.join(", ")})` },
  imagefolder: {
    find: findClassFolders,
    expected: "class folders of pictures, or train/ with val/ or test/",
  },
  idx: { find: findIdx, expected: "MNIST's idx files" },
  cifar: { find: findCifar, expected: "CIFAR's binary files (data_batch_1.bin, train.bin, ...)" },
  webdataset: {
    find: findArchives,
    read: (file, context) => indexArchives(...split(file), context),
    extensions: [".tar"],
    expected: "WebDataset's tar files",
  },
  list: {
    find: findList,
    read: readList,
    extensions: LIST_EXTENSIONS,
    expected: `a list of pictures (${LIST_EXTENSIONS.join(", ")}) or metadata.csv`,
  },
  parquet: {
    find: findParquet,
    read: (file, context) => readParquet(...split(file), context),
    extensions: [".parquet"],
    expected: "Parquet files with a column of pictures",
  },
};

const EXPECTED = Object.values(RULES)
  .map(({ expected }) => expected)
  .join("; ");

function refuse(where: string, found: string, format: DataFormat | undefined): DataError {
  return format === undefined
    ? new DataError(
        `${where}: found ${found}, expected ${EXPECTED}; give the folder that holds them, unpacked`,
      )
    : new DataError(
        `${where}: found ${found}, expected ${RULES[format].expected}; leave out --data-format ${format} ` +
          `to have the kind recognized, or give another path`,
      );
}

function nothingFound(listing: FolderListing, format: DataFormat | undefined): DataError {
  const names = [...listing.folders.map((name) => `${name}/`), ...listing.files];
  const some = `${names.slice(0, 3).join(", ")}${names.length > 3 ? `, ... (${names.length})` : ""}`;
  const found = names.length === 0 ? "an empty folder" : `${format ? "only" : "no pictures but"} ${some}`;
  return refuse(listing.path, found, format);
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
 * Takes a seeded tenth of labelled pictures, at most 2,000 and at least one, for evaluation. Unlabelled
 * pictures are all kept: there is nothing to score a guess against.
 */
function holdOut(whole: DataSource, seed: number): Parts {
  if (whole.classNames.length === 0 || whole.rowCount < 2) return { train: whole, evaluate: null };
  const order = Int32Array.from({ length: whole.rowCount }, (_, row) => row);
  new RandomStream(seed, "hold-out").shuffle(order);
  const count = Math.min(HOLD_OUT_MOST, Math.max(1, Math.floor(whole.rowCount * HOLD_OUT_PART)));
  return {
    train: pickRows(whole, order.slice(count).sort(), `${whole.name}, train`),
    evaluate: pickRows(whole, order.slice(0, count).sort(), `${whole.name}, held out`),
  };
}

/** An evaluation part without labels cannot score labelled pictures: some of these are held out instead. */
function complete({ train, evaluate }: Parts, seed: number): Parts {
  const scores = evaluate !== null && (evaluate.classNames.length > 0 || train.classNames.length === 0);
  return scores ? { train, evaluate } : holdOut(train, seed);
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
