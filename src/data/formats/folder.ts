/**
 * @file Picture files: all in one folder, then without labels, or one folder per class; and the source of every
 * format whose pictures are files of their own.
 */

import path from "node:path";
import { DataError } from "../../errors.js";
import type { Dataset, SourceBase } from "../dataset.js";
import { decodePicture } from "../decode.js";
import { readBytes } from "../files.js";
import { filesBelow } from "../folders.js";
import type { FolderListing } from "../folders.js";
import { lookUp } from "../labels.js";
import { nameAt, packNames, sha256Of } from "../names.js";
import type { NameList } from "../names.js";
import { hasPictureExtension } from "../pictureNames.js";
import { datasetOf } from "../rows.js";
import type { FinderContext, Parts } from "./finder.js";

/** Files in a fixed order. sha256: of the ids alone, because asking each of a million files takes minutes. */
export interface FolderSource extends SourceBase {
  readonly kind: "folder";
  readonly root: string;
  readonly files: NameList; // relative to root, "/" between the parts
  readonly labels: Int32Array | null; // [rowCount], into classNames
}

interface Files {
  readonly format: FolderSource["format"];
  readonly root: string;
  readonly files: readonly string[];
  readonly labels: Int32Array | null;
  readonly classNames: readonly string[];
}

/** A source of these files, in this order. */
export function sourceOfFiles({ format, root, files, labels, classNames }: Files): FolderSource {
  const packed = packNames(files);
  const sha256 = sha256Of(packed.utf8);
  const name = path.basename(root);
  const rowCount = files.length;
  return { kind: "folder", name, format, root, files: packed, labels, rowCount, classNames, sha256 };
}

/** Opens at once: pictures are read and decoded when they are asked for. */
export function openFolder(source: FolderSource): Promise<Dataset> {
  const { root, files, labels } = source;
  const read = async (row: number) => {
    const file = path.resolve(root, nameAt(files, row));
    return decodePicture(await readBytes(file), file);
  };
  return Promise.resolve(datasetOf(source, { labels, id: (row) => nameAt(files, row), read }));
}

/** Class folders with their pictures, at any depth. A folder named like a picture is told, and entered too. */
async function classFolders(
  listing: FolderListing,
  { skipped }: FinderContext,
): Promise<Map<string, readonly string[]>> {
  const classes = new Map<string, readonly string[]>();
  for (const name of listing.folders) {
    const folder = path.join(listing.path, name);
    const files = await filesBelow(folder, hasPictureExtension, skipped);
    if (files.length > 0) classes.set(name, files);
    else if (hasPictureExtension(name)) skipped.push({ path: folder, reason: "a folder without pictures" });
  }
  return classes;
}

function classSource(
  root: string,
  classes: ReadonlyMap<string, readonly string[]>,
  { knownClasses }: FinderContext,
): FolderSource {
  const classNames = knownClasses ?? [...classes.keys()];
  const numbers = lookUp([...classes.keys()], classNames, root);
  const files: string[] = [];
  const labels: number[] = [];
  [...classes].forEach(([name, inside], at) => {
    for (const file of inside) {
      files.push(`${name}/${file}`);
      labels.push(numbers[at]!);
    }
  });
  return sourceOfFiles({ format: "imagefolder", root, files, labels: Int32Array.from(labels), classNames });
}

/**
 * Looks for pictures in a folder (then they have no labels) or in its sub-folders, at any depth (one class per
 * sub-folder, named after it, in natural order; those without pictures do not count).
 * @returns null where there are no pictures
 * @throws DataError (as a rejection) for pictures both beside and inside sub-folders, or an unknown class
 */
export async function findPictures(
  listing: FolderListing,
  context: FinderContext = { knownClasses: null, skipped: [] },
): Promise<FolderSource | null> {
  const loose = listing.files.filter(hasPictureExtension);
  const classes = await classFolders(listing, context);
  const root = listing.path;
  if (loose.length > 0 && classes.size > 0) {
    throw new DataError(
      `${root}: found ${loose.length} pictures (${loose[0]}, ...) beside folders of pictures ` +
        `(${[...classes.keys()].slice(0, 3).join(", ")}, ...), expected either pictures only, without labels, ` +
        `or class folders only; move the loose pictures into a folder or out of here, or take all of them ` +
        `without labels with --data-format flat`,
    );
  }
  if (loose.length > 0) {
    return sourceOfFiles({ format: "flat", root, files: loose, labels: null, classNames: [] });
  }
  return classes.size === 0 ? null : classSource(root, classes, context);
}

/** Every picture of a folder and its sub-folders, without labels. @returns null where there is none */
export async function findFlat(listing: FolderListing, { skipped }: FinderContext): Promise<Parts | null> {
  const root = listing.path;
  const files = await filesBelow(root, hasPictureExtension, skipped);
  if (files.length === 0) return null;
  return {
    train: sourceOfFiles({ format: "flat", root, files, labels: null, classNames: [] }),
    evaluate: null,
  };
}

/** Class folders, whatever lies beside them. @returns null where no sub-folder holds a picture */
export async function findClassFolders(
  listing: FolderListing,
  context: FinderContext,
): Promise<Parts | null> {
  const classes = await classFolders(listing, context);
  return classes.size === 0 ? null : { train: classSource(listing.path, classes, context), evaluate: null };
}
