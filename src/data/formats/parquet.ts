/**
 * @file Pictures in Parquet files, as Hugging Face stores them: a column `image` that is a struct {bytes, path}
 * or the bytes themselves, and optionally a column `label`. Never more than some row groups are in memory.
 */

import path from "node:path";
import { DataError } from "../../errors.js";
import type { Dataset, Picture, SourceBase } from "../dataset.js";
import { decodePicture } from "../decode.js";
import { listFolder } from "../folders.js";
import type { FolderListing } from "../folders.js";
import { numberLabels } from "../labels.js";
import { sha256Of } from "../names.js";
import { datasetOf } from "../rows.js";
import { findParts, splitByName } from "./finder.js";
import type { FinderContext, Parts } from "./finder.js";
import { openParquetFile } from "./parquetFile.js";
import type { ParquetFile } from "./parquetFile.js";
import { readPictureBytes } from "./rowGroups.js";

/** sha256: of each file's name, size in bytes and number of rows. */
export interface ParquetSource extends SourceBase {
  readonly kind: "parquet";
  readonly root: string;
  readonly files: readonly string[]; // relative to root
  readonly fileRows: readonly number[]; // rows of each file
  readonly column: string;
  readonly labels: Int32Array | null; // [rowCount]
}

/** Column names; the first that is there is taken, then the only one that can hold pictures. */
const IMAGE_COLUMNS = ["image", "img"];
const LABEL_COLUMNS = ["label", "labels", "fine_label"];

/** Opens at once: files are opened when a picture of theirs is asked for. @param cacheBytes of decoded pixels */
export function openParquet(source: ParquetSource, cacheBytes: number): Promise<Dataset> {
  const { root, files, fileRows, column, labels } = source;
  const find = (row: number): { at: number; inFile: number } => {
    let inFile = row;
    let at = 0;
    while (inFile >= fileRows[at]!) inFile -= fileRows[at++]!;
    return { at, inFile };
  };
  const id = (row: number): string => {
    const { at, inFile } = find(row);
    return `${files[at]!}#${inFile}`;
  };
  const bytesOf = readPictureBytes(
    files.map((name) => path.join(root, name)),
    column,
  );
  const read = async (row: number): Promise<Picture> => {
    const { at, inFile } = find(row);
    const where = path.join(root, id(row));
    const bytes = await bytesOf(at, inFile);
    if (bytes === null) {
      throw new DataError(
        `${where}: found no bytes in column ${column}, expected a picture; write the pictures themselves into ` +
          `the file, not only their paths`,
      );
    }
    return decodePicture(bytes, where);
  };
  return Promise.resolve(datasetOf(source, { labels, id, read }, cacheBytes));
}

/** @returns the column with the pictures, or null where there is none */
function imageColumn({ columns }: ParquetFile): string | null {
  const fit = columns.filter(
    ({ type, fields }) => type === "bytes" || (type === "struct" && fields.includes("bytes")),
  );
  const named = IMAGE_COLUMNS.find((name) => fit.some((column) => column.name === name));
  return named ?? (fit.length === 1 ? fit[0]!.name : null);
}

interface HuggingFaceNotes {
  readonly info?: { readonly features?: Readonly<Record<string, { readonly names?: unknown }>> };
}

/** Names that Hugging Face keeps for a column of class numbers. */
function classNamesIn({ notes }: ParquetFile, column: string): readonly string[] | null {
  try {
    const { info } = JSON.parse(notes.get("huggingface") ?? "{}") as HuggingFaceNotes;
    const names = info?.features?.[column]?.names;
    return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : null;
  } catch {
    return null;
  }
}

/** A label as text: its class's name where the file names classes. -1 and null mean none. */
function labelText(value: unknown, names: readonly string[] | null): string | null {
  if (value === null || value === undefined || Number(value) === -1) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  const text = String(value);
  return names?.[Number(text)] ?? text;
}

/** Reads one file's labels. @returns null where it has no such column */
async function readLabels(file: ParquetFile, names: readonly string[] | null): Promise<(string | null)[]> {
  const column = LABEL_COLUMNS.find((name) => file.columns.some((found) => found.name === name));
  if (column === undefined) return Array<null>(file.rowCount).fill(null);
  return (await file.values(column, 0, file.rowCount)).map((value) => labelText(value, names));
}

/** The classes that a file names for its labels. */
function namedClasses(file: ParquetFile): readonly string[] | null {
  for (const column of LABEL_COLUMNS) {
    const names = classNamesIn(file, column);
    if (names !== null) return names;
  }
  return null;
}

/**
 * Reads the files' descriptions and labels.
 * @param files names in the folder root
 * @returns null where the first has no column of pictures
 * @throws DataError (as a rejection) if a file is damaged, or one has other columns than the first
 */
export async function readParquet(
  root: string,
  files: readonly string[],
  { knownClasses }: FinderContext,
): Promise<ParquetSource | null> {
  let column: string | null = null;
  let names: readonly string[] | null = null;
  const fileRows: number[] = [];
  const labels: (string | null)[] = [];
  const identity: string[] = [];
  for (const name of files) {
    const file = await openParquetFile(path.join(root, name));
    const found = imageColumn(file);
    if (fileRows.length === 0) {
      if (found === null) return null;
      column = found;
      names = namedClasses(file);
    } else if (found !== column) {
      throw new DataError(
        `${file.path}: found columns ${file.columns.map((one) => one.name).join(", ")}, expected pictures in ` +
          `${column} as in ${files[0]}; keep files of one data set in a folder`,
      );
    }
    for (const label of await readLabels(file, names)) labels.push(label);
    fileRows.push(file.rowCount);
    identity.push(`${name}\0${file.sizeBytes}\0${file.rowCount}\0`);
  }
  if (column === null || labels.length === 0) return null;
  return {
    kind: "parquet",
    name: files.length === 1 ? files[0]! : path.basename(root),
    format: "parquet",
    rowCount: labels.length,
    ...numberLabels(labels, knownClasses ?? names, root),
    sha256: sha256Of(...identity),
    root,
    files,
    fileRows,
    column,
  };
}

/** Files of pictures; Hugging Face's metadata.parquet is none. */
const isParquet = (name: string): boolean =>
  name.toLowerCase().endsWith(".parquet") && name !== "metadata.parquet";

/**
 * Looks for Parquet files in a folder or in data/ inside, where Hugging Face puts them; parts are told apart by
 * their names. @returns null where none has a column of pictures
 */
export async function findParquet(listing: FolderListing, context: FinderContext): Promise<Parts | null> {
  const names = listing.files.filter(isParquet);
  if (names.length === 0) {
    if (!listing.folders.includes("data")) return null;
    const inside = await listFolder(path.join(listing.path, "data"));
    return inside.files.some(isParquet) ? findParquet(inside, context) : null;
  }
  return findParts(splitByName(listing, names, context.skipped), context, (part, partContext) =>
    readParquet(listing.path, part, partContext),
  );
}
