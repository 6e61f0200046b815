/**
 * @file From the path a user gives to the pictures to learn from and those to evaluate on.
 */

import path from "node:path";
import { fileURLToPath } from "node:url";
import { DataError } from "../errors.js";
import { RandomStream } from "../random/philox.js";
import type { DataSource } from "./dataset.js";
import { PICTURE_EXTENSIONS } from "./decode.js";
import { kindOfPath, listFolder } from "./files.js";
import type { FolderListing } from "./files.js";
import { findPictures, pickFiles } from "./folder.js";
import type { FolderSource } from "./folder.js";
import { findIdx } from "./idx.js";
import type { IdxSource } from "./idx.js";

export interface LocatedData {
  readonly train: DataSource;
  /** null: nothing to evaluate on, because the pictures have no labels or there is but one. */
  readonly evaluate: DataSource | null;
}

export interface LocateOptions {
  /** Chooses which pictures are held out, where the data has no evaluation part of its own. */
  readonly seed: number;
}

const HOLD_OUT_PART = 1 / 10;
const HOLD_OUT_MOST = 2000; // pictures
const EVALUATION_FOLDERS = ["val", "test"]; // the first that exists is taken

// Compiled, this file is dist/src/data/locate.js; the sample is not compiled and stays under src/.
const SAMPLE_FOLDER = fileURLToPath(new URL("../../../src/data/sample/", import.meta.url));
const SAMPLE_SPLIT_ROW = 8000;
const SAMPLE_ROWS = 10_000;
const SAMPLE_CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

const EXPECTED =
  `pictures (${PICTURE_EXTENSIONS.join(", ")}), class folders of pictures, train/ with val/ or test/, ` +
  `or MNIST's idx files`;

function locateSample(): LocatedData {
  const rows = (name: string, firstRow: number, lastRow: number): IdxSource => ({
    kind: "idx",
    name,
    imagesPath: path.join(SAMPLE_FOLDER, "t10k-images-idx3-ubyte.gz"),
    labelsPath: path.join(SAMPLE_FOLDER, "t10k-labels-idx1-ubyte.gz"),
    firstRow,
    rowCount: lastRow - firstRow,
    classNames: SAMPLE_CLASSES,
  });
  return {
    train: rows("fashion-mnist sample, train", 0, SAMPLE_SPLIT_ROW),
    evaluate: rows("fashion-mnist sample, evaluate", SAMPLE_SPLIT_ROW, SAMPLE_ROWS),
  };
}

function nothingFound(listing: FolderListing): DataError {
  const names = [...listing.folders.map((name) => `${name}/`), ...listing.files];
  const found =
    names.length === 0
      ? "an empty folder"
      : `no pictures but ${names.slice(0, 3).join(", ")}${names.length > 3 ? `, ... (${names.length})` : ""}`;
  return new DataError(
    `${listing.path}: found ${found}, expected ${EXPECTED}; give the folder that holds them, unpacked`,
  );
}

/** @throws DataError (as a rejection) if there are no pictures */
async function requirePictures(folder: string, classNames: readonly string[] | null): Promise<FolderSource> {
  const listing = await listFolder(folder);
  const source = await findPictures(listing, classNames);
  if (source === null) throw nothingFound(listing);
  return source;
}

/**
 * Takes a seeded tenth of labelled pictures, at most 2,000 and at least one, for evaluation. Unlabelled
 * pictures are all kept: there is nothing to score a guess against.
 */
function holdOut(source: FolderSource, seed: number): LocatedData {
  if (source.labels === null || source.rowCount < 2) return { train: source, evaluate: null };
  const order = Int32Array.from({ length: source.rowCount }, (_, row) => row);
  new RandomStream(seed, "hold-out").shuffle(order);
  const count = Math.min(HOLD_OUT_MOST, Math.max(1, Math.floor(source.rowCount * HOLD_OUT_PART)));
  const rowsOf = (part: Int32Array): number[] => [...part.sort()];
  return {
    train: pickFiles(source, rowsOf(order.slice(count)), `${source.name}, train`),
    evaluate: pickFiles(source, rowsOf(order.slice(0, count)), `${source.name}, held out`),
  };
}

/** train/ with val/ or test/ beside it; a lone train/ is taken for the data itself. */
async function locateParts(listing: FolderListing, seed: number): Promise<LocatedData | null> {
  if (!listing.folders.includes("train")) return null;
  const trainFolder = path.join(listing.path, "train");
  const part = EVALUATION_FOLDERS.find((name) => listing.folders.includes(name));
  if (part === undefined) {
    if (listing.folders.length > 1) return null; // "train" is one class among others
    return holdOut(await requirePictures(trainFolder, null), seed);
  }
  const train = await requirePictures(trainFolder, null);
  const evaluate = await requirePictures(
    path.join(listing.path, part),
    train.labels === null ? null : train.classNames,
  );
  return { train, evaluate };
}

/**
 * Finds the data at a path.
 * - null: the embedded sample, 8,000 pictures to learn from and 2,000 to evaluate on
 * - MNIST's idx files: the train part, and the t10k, test or val part
 * - train/ and val/ (or test/): both, labels numbered by the classes of train/
 * - class folders: a seeded tenth is held out for evaluation
 * - a flat folder of pictures: no labels, and so no evaluation
 * @throws DataError (as a rejection) if nothing of the sort is there
 */
export async function locateData(target: string | null, options: LocateOptions): Promise<LocatedData> {
  if (target === null) return locateSample();
  const kind = await kindOfPath(target);
  if (kind !== "folder") {
    const found = kind === null ? "nothing that can be read" : "a single file";
    throw new DataError(`${target}: found ${found}, expected a folder with ${EXPECTED}; check the path`);
  }
  const root = path.resolve(target);
  const listing = await listFolder(root);
  const special = (await findIdx(listing)) ?? (await locateParts(listing, options.seed));
  if (special !== null) return special;
  return holdOut(await requirePictures(root, null), options.seed);
}
