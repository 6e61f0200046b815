/**
 * @file The idx format of MNIST, Fashion-MNIST and their kin, plain or gzipped: big-endian magic
 * 00 00 08 <rank>, one uint32 per dimension, then unsigned bytes. Images have rank 3 [rows, height, width],
 * labels rank 1 [rows]. Source: the format's description on Yann LeCun's MNIST page.
 */

import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import path from "node:path";
import { DataError } from "../../errors.js";
import type { Dataset, Picture, SourceBase } from "../dataset.js";
import { readBytes } from "../files.js";
import type { FolderListing } from "../folders.js";
import { numberedClasses } from "../labels.js";
import { sha256Of } from "../names.js";
import { checkRow } from "../rows.js";

/** Rows firstRow ... firstRow + rowCount - 1 of a pair of idx files. sha256: of the images file as it is, and the rows. */
export interface IdxSource extends SourceBase {
  readonly kind: "idx";
  readonly imagesPath: string;
  readonly labelsPath: string | null;
  readonly firstRow: number;
}

interface IdxArray {
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

const TYPE_UNSIGNED_BYTE = 8;
const GET_AGAIN = "download or copy it again";
const FILE_NAME = /^(train|t10k|test|val)-(images|labels)[-.]idx[13]-ubyte(\.gz)?$/;

async function unpack(bytes: Uint8Array, file: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new DataError(`${file}: found broken gzip data (${found}), expected a whole file; ${GET_AGAIN}`, {
      cause: error,
    });
  }
}

/** @throws DataError unless the bytes are one whole idx array of unsigned bytes and this rank */
function parseIdx(bytes: Uint8Array, rank: number, file: string): IdxArray {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerBytes = 4 + 4 * rank;
  const magic = bytes.length < 4 ? null : header.getUint32(0);
  const expected = (TYPE_UNSIGNED_BYTE << 8) | rank;
  if (magic !== null && magic !== expected) {
    const hex = (word: number): string => `0x${word.toString(16).padStart(8, "0")}`;
    throw new DataError(
      `${file}: found idx magic ${hex(magic)}, expected ${hex(expected)} (unsigned bytes, rank ${rank}); ` +
        `give the ${rank === 3 ? "images" : "labels"} file here`,
    );
  }
  if (bytes.length < headerBytes) {
    throw new DataError(
      `${file}: found ${bytes.length} bytes, expected an idx header of ${headerBytes}; ${GET_AGAIN}`,
    );
  }
  const shape = Array.from({ length: rank }, (_, axis) => header.getUint32(4 + 4 * axis));
  const valueCount = shape.reduce((product, extent) => product * extent, 1);
  const found = bytes.length - headerBytes;
  if (found !== valueCount || valueCount === 0) {
    throw new DataError(
      `${file}: found ${found} bytes of values, expected ${valueCount} for [${shape.join(", ")}]` +
        `${valueCount === 0 ? ", and at least one" : ""}; ${GET_AGAIN}`,
    );
  }
  return { shape, values: bytes.subarray(headerBytes) };
}

async function readIdx(file: string, rank: number): Promise<IdxArray> {
  return parseIdx(await unpack(await readBytes(file), file), rank, file);
}

function checkLabels(labels: IdxArray, source: IdxSource, total: number): void {
  const where = source.labelsPath ?? source.name;
  if (labels.shape[0] !== total) {
    throw new DataError(
      `${where}: found ${labels.shape[0]} labels, expected ${total}, one per image of ${source.imagesPath}; ` +
        `give the two files of one pair`,
    );
  }
  const largest = labels.values.reduce((most, label) => Math.max(most, label), 0);
  if (largest >= source.classNames.length) {
    throw new DataError(
      `${where}: found label ${largest}, expected 0 to ${source.classNames.length - 1}; ` +
        `give one class name per label`,
    );
  }
}

/** @throws DataError (as a rejection) if a file is missing or damaged, or the rows are not all there */
export async function openIdx(source: IdxSource): Promise<Dataset> {
  const { name, firstRow, rowCount, classNames, imagesPath, labelsPath } = source;
  const images = await readIdx(imagesPath, 3);
  const [total = 0, height = 0, width = 0] = images.shape;
  if (firstRow < 0 || rowCount < 1 || firstRow + rowCount > total) {
    throw new DataError(
      `${imagesPath}: found ${total} images, expected rows ${firstRow} to ${firstRow + rowCount - 1}; ` +
        `ask for rows that exist`,
    );
  }
  const labels = labelsPath === null ? null : await readIdx(labelsPath, 1);
  if (labels !== null) checkLabels(labels, source, total);
  const pictureBytes = height * width;
  const pictureOf = (row: number): Picture => {
    checkRow(name, row, rowCount);
    const start = (firstRow + row) * pictureBytes;
    return { width, height, channels: 1, data: images.values.subarray(start, start + pictureBytes) };
  };

  return {
    name,
    size: rowCount,
    classNames: labels === null ? [] : classNames,
    label(row) {
      checkRow(name, row, rowCount);
      return labels?.values[firstRow + row] ?? null;
    },
    id(row) {
      checkRow(name, row, rowCount);
      return String(firstRow + row);
    },
    picture: (row) => Promise.resolve(row).then(pictureOf), // so that a bad row is a rejection here too
  };
}

/** SHA-256 of the bytes of an images file and of the rows that are meant. */
export async function hashIdx(imagesPath: string, firstRow: number, rowCount: number): Promise<string> {
  return sha256Of(await readBytes(imagesPath), ` rows ${firstRow} to ${firstRow + rowCount - 1}`);
}

async function findPart(listing: FolderListing, part: string): Promise<IdxSource | null> {
  const named = (what: string): string | undefined =>
    listing.files.find((file) => FILE_NAME.test(file) && file.startsWith(`${part}-${what}`));
  const imagesName = named("images");
  if (imagesName === undefined) return null;
  const imagesPath = path.join(listing.path, imagesName);
  const labelsName = named("labels");
  const labelsPath = labelsName === undefined ? null : path.join(listing.path, labelsName);

  const rowCount = (await readIdx(imagesPath, 3)).shape[0] ?? 0;
  const labels = labelsPath === null ? null : await readIdx(labelsPath, 1);
  const largest = labels?.values.reduce((most, label) => Math.max(most, label), 0) ?? -1;
  return {
    kind: "idx",
    format: "idx",
    name: `${path.basename(listing.path)}/${part}`,
    imagesPath,
    labelsPath,
    firstRow: 0,
    rowCount,
    classNames: numberedClasses(largest + 1), // idx names no classes
    sha256: await hashIdx(imagesPath, 0, rowCount),
  };
}

/**
 * Looks for MNIST's file names in a folder. Without a t10k, test or val part there is nothing to evaluate on.
 * @returns null where no idx file lies
 * @throws DataError (as a rejection) if a file is damaged or the train images are missing
 */
export async function findIdx(
  listing: FolderListing,
): Promise<{ train: IdxSource; evaluate: IdxSource | null } | null> {
  const names = listing.files.filter((file) => FILE_NAME.test(file));
  if (names.length === 0) return null;
  const train = await findPart(listing, "train");
  if (train === null) {
    throw new DataError(
      `${listing.path}: found ${names.join(", ")}, expected train-images-idx3-ubyte(.gz) among them; ` +
        `put the train part beside the others`,
    );
  }
  let evaluate: IdxSource | null = null;
  for (const part of ["t10k", "test", "val"]) evaluate ??= await findPart(listing, part);
  if (evaluate === null) return { train, evaluate };
  const classNames =
    train.classNames.length >= evaluate.classNames.length ? train.classNames : evaluate.classNames;
  return { train: { ...train, classNames }, evaluate: { ...evaluate, classNames } };
}
