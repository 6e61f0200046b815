/**
 * @file The binary version of CIFAR-10 and CIFAR-100: records of one label byte (CIFAR-100: a coarse label, not
 * used here, and a fine one), then 32 x 32 bytes each of red, green and blue.
 * Source: the description at https://www.cs.toronto.edu/~kriz/cifar.html
 */

import path from "node:path";
import { createHash } from "node:crypto";
import { DataError } from "../../errors.js";
import type { Dataset, Picture, SourceBase } from "../dataset.js";
import { readBytes, readPieces, readRange } from "../files.js";
import { listFolder } from "../folders.js";
import type { FolderListing } from "../folders.js";
import { numberedClasses } from "../labels.js";
import { datasetOf } from "../rows.js";
import type { Parts } from "./finder.js";

const SIDE = 32; // pixels
const PLANE = SIDE * SIDE; // bytes
const PIECE_RECORDS = 1024;

/** sha256: of the bytes of all files, in order. */
export interface CifarSource extends SourceBase {
  readonly kind: "cifar";
  readonly root: string;
  readonly files: readonly string[];
  readonly fileRows: readonly number[]; // records of each file
  readonly labelBytes: 1 | 2; // before each picture; the last one is the label
  readonly labels: Int32Array; // [rowCount]
}

/** What distinguishes the two data sets on disk. */
interface Edition {
  readonly train: RegExp;
  readonly test: string;
  readonly classNames: string;
  readonly labelBytes: 1 | 2;
  readonly classes: number;
  readonly unpacked: string; // the folder inside the archive
}

const EDITIONS: readonly Edition[] = [
  {
    train: /^data_batch_\d+\.bin$/,
    test: "test_batch.bin",
    classNames: "batches.meta.txt",
    labelBytes: 1,
    classes: 10,
    unpacked: "cifar-10-batches-bin",
  },
  {
    train: /^train\.bin$/,
    test: "test.bin",
    classNames: "fine_label_names.txt",
    labelBytes: 2,
    classes: 100,
    unpacked: "cifar-100-binary",
  },
];

/** Three planes to interleaved pixels. */
function interleave(planes: Uint8Array): Picture {
  const data = new Uint8Array(3 * PLANE); // [SIDE, SIDE, 3]
  for (let pixel = 0; pixel < PLANE; pixel++) {
    data[3 * pixel] = planes[pixel]!;
    data[3 * pixel + 1] = planes[PLANE + pixel]!;
    data[3 * pixel + 2] = planes[2 * PLANE + pixel]!;
  }
  return { width: SIDE, height: SIDE, channels: 3, data };
}

/** Opens at once: pictures are read when they are asked for. @param cacheBytes of pixels to keep in memory */
export function openCifar(source: CifarSource, cacheBytes: number): Promise<Dataset> {
  const { root, files, fileRows, labelBytes, labels } = source;
  const find = (row: number): { file: string; record: number } => {
    let record = row;
    let at = 0;
    while (record >= fileRows[at]!) record -= fileRows[at++]!;
    return { file: files[at]!, record };
  };
  const id = (row: number): string => {
    const { file, record } = find(row);
    return `${file}#${record}`;
  };
  const read = async (row: number): Promise<Picture> => {
    const { file, record } = find(row);
    const offset = record * (labelBytes + 3 * PLANE) + labelBytes;
    return interleave(await readRange(path.join(root, file), offset, 3 * PLANE));
  };
  return Promise.resolve(datasetOf(source, { labels, id, read }, cacheBytes));
}

/** @returns class names, by their numbers where the file of names is missing or not as long as it should be */
async function readClassNames(listing: FolderListing, { classNames, classes }: Edition): Promise<string[]> {
  if (!listing.files.includes(classNames)) return numberedClasses(classes);
  const text = Buffer.from(await readBytes(path.join(listing.path, classNames))).toString();
  const names = text.split(/\r?\n/).filter((line) => line !== "");
  return names.length === classes ? names : numberedClasses(classes);
}

async function readSource(
  root: string,
  files: readonly string[],
  edition: Edition,
  classNames: readonly string[],
): Promise<CifarSource> {
  const { labelBytes, classes } = edition;
  const recordBytes = labelBytes + 3 * PLANE;
  const hash = createHash("sha256");
  const labels: number[] = [];
  const fileRows: number[] = [];
  for (const name of files) {
    const file = path.join(root, name);
    const size = await readPieces(file, PIECE_RECORDS * recordBytes, (piece) => {
      hash.update(piece);
      for (let at = labelBytes - 1; at < piece.length; at += recordBytes) labels.push(piece[at]!);
    });
    if (size === 0 || size % recordBytes !== 0) {
      throw new DataError(
        `${file}: found ${size} bytes, expected a multiple of ${recordBytes}, one label and one 32 x 32 picture ` +
          `each; download it again`,
      );
    }
    fileRows.push(size / recordBytes);
  }
  const largest = labels.reduce((most, label) => Math.max(most, label), 0);
  if (largest >= classes) {
    throw new DataError(
      `${root}: found label ${largest} in ${files.join(", ")}, expected 0 to ${classes - 1}; download it again`,
    );
  }
  return {
    kind: "cifar",
    name: `${path.basename(root)}/${path.basename(files[0]!, ".bin").replace(/_batch.*/, "")}`,
    format: "cifar",
    rowCount: labels.length,
    classNames,
    sha256: hash.digest("hex"),
    root,
    files,
    fileRows,
    labelBytes,
    labels: Int32Array.from(labels),
  };
}

/**
 * Looks for CIFAR's file names in a folder, or in the folder that its archive unpacks to.
 * @returns null where no training file lies
 * @throws DataError (as a rejection) if a file is damaged
 */
export async function findCifar(listing: FolderListing): Promise<Parts | null> {
  for (const edition of EDITIONS) {
    const files = listing.files.filter((name) => edition.train.test(name));
    if (files.length > 0) {
      const classNames = await readClassNames(listing, edition);
      const read = (names: readonly string[]): Promise<CifarSource> =>
        readSource(listing.path, names, edition, classNames);
      const hasTest = listing.files.includes(edition.test);
      return { train: await read(files), evaluate: hasTest ? await read([edition.test]) : null };
    }
  }
  const unpacked = EDITIONS.find((edition) => listing.folders.includes(edition.unpacked))?.unpacked;
  return unpacked === undefined ? null : findCifar(await listFolder(path.join(listing.path, unpacked)));
}
