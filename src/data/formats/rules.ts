/** @file One rule per format: how it is found, and what a person is told when it is not. */

import path from "node:path";
import { DataError } from "../../errors.js";
import type { DataFormat, DataSource } from "../dataset.js";
import { PICTURE_EXTENSIONS } from "../pictureNames.js";
import type { FolderListing } from "../folders.js";
import { findCifar } from "./cifar.js";
import type { Finder, FinderContext } from "./finder.js";
import { findClassFolders, findFlat } from "./folder.js";
import { findIdx } from "./idx.js";
import { findList, LIST_EXTENSIONS, readList } from "./list.js";
import { findParquet, readParquet } from "./parquet.js";
import { findArchives, indexArchives } from "./webDataset.js";

interface FormatRule {
  readonly find: Finder;
  /** For formats of which a single file is a data set. */
  readonly read?: (file: string, context: FinderContext) => Promise<DataSource | null>;
  readonly extensions?: readonly string[];
  readonly expected: string;
}

const split = (file: string): [string, string[]] => [path.dirname(file), [path.basename(file)]];

export const RULES: Readonly<Record<DataFormat, FormatRule>> = {
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

export function refuse(where: string, found: string, format: DataFormat | undefined): DataError {
  return format === undefined
    ? new DataError(
        `${where}: found ${found}, expected ${EXPECTED}; give the folder that holds them, unpacked`,
      )
    : new DataError(
        `${where}: found ${found}, expected ${RULES[format].expected}; leave out --data-format ${format} ` +
          `to have the kind recognized, or give another path`,
      );
}

export function nothingFound(listing: FolderListing, format: DataFormat | undefined): DataError {
  const names = [...listing.folders.map((name) => `${name}/`), ...listing.files];
  const some = `${names.slice(0, 3).join(", ")}${names.length > 3 ? `, ... (${names.length})` : ""}`;
  const found = names.length === 0 ? "an empty folder" : `${format ? "only" : "no pictures but"} ${some}`;
  return refuse(listing.path, found, format);
}
