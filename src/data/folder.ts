/**
 * @file Picture files in a folder: all in one place, then without labels, or one folder per class.
 */

import path from "node:path";
import { DataError } from "../errors.js";
import type { Dataset, SourceBase } from "./dataset.js";
import { decodePicture, hasPictureExtension } from "./decode.js";
import { filesBelow, readBytes } from "./files.js";
import type { FolderListing } from "./files.js";
import { checkRow } from "./rows.js";

/** Files in natural order. Two parallel arrays, because ImageNet has 1.3 million of them to clone. */
export interface FolderSource extends SourceBase {
  readonly kind: "folder";
  readonly root: string;
  readonly files: readonly string[]; // relative to root, "/" between the parts
  readonly labels: Int32Array | null; // [rowCount], into classNames
}

/** Opens at once: pictures are read and decoded when they are asked for. */
export function openFolder(source: FolderSource): Promise<Dataset> {
  const { name, root, files, labels, rowCount, classNames } = source;
  const fileOf = (row: number): string => {
    checkRow(name, row, rowCount);
    return files[row] as string;
  };
  return Promise.resolve({
    name,
    size: rowCount,
    classNames,
    label(row) {
      checkRow(name, row, rowCount);
      return labels?.[row] ?? null;
    },
    id: fileOf,
    async picture(row) {
      const file = path.join(root, fileOf(row));
      return decodePicture(await readBytes(file), file);
    },
  });
}

async function classFolders(listing: FolderListing): Promise<Map<string, readonly string[]>> {
  const classes = new Map<string, readonly string[]>();
  for (const name of listing.folders) {
    const files = await filesBelow(path.join(listing.path, name), hasPictureExtension);
    if (files.length > 0) classes.set(name, files);
  }
  return classes;
}

/**
 * Looks for pictures in a folder (labels null) or in its sub-folders, at any depth (one class per sub-folder,
 * named after it, in natural order; those without pictures do not count).
 * @param classNames the classes to number labels by, when another part of the data has settled them
 * @returns null where there are no pictures
 * @throws DataError (as a rejection) for pictures both beside and inside sub-folders, or an unknown class
 */
export async function findPictures(
  listing: FolderListing,
  classNames: readonly string[] | null = null,
): Promise<FolderSource | null> {
  const loose = listing.files.filter(hasPictureExtension);
  const classes = await classFolders(listing);
  const root = listing.path;
  if (loose.length > 0 && classes.size > 0) {
    throw new DataError(
      `${root}: found ${loose.length} pictures (${loose[0]}, ...) beside folders of pictures ` +
        `(${[...classes.keys()].slice(0, 3).join(", ")}, ...), expected either pictures only, without labels, ` +
        `or class folders only; move the loose pictures into a folder or out of here`,
    );
  }
  const name = path.basename(root);
  if (loose.length > 0) {
    return { kind: "folder", name, root, files: loose, labels: null, rowCount: loose.length, classNames: [] };
  }
  if (classes.size === 0) return null;
  const names = classNames ?? [...classes.keys()];
  const strangers = [...classes.keys()].filter((found) => !names.includes(found));
  if (strangers.length > 0) {
    throw new DataError(
      `${root}: found classes ${strangers.join(", ")}, expected only the training classes ` +
        `(${names.join(", ") || "none: the training pictures have no labels"}); ` +
        `rename or remove the folders that do not match`,
    );
  }
  const files: string[] = [];
  const labels: number[] = [];
  for (const [className, inside] of classes) {
    for (const file of inside) {
      files.push(`${className}/${file}`);
      labels.push(names.indexOf(className));
    }
  }
  return {
    kind: "folder",
    name,
    root,
    files,
    labels: Int32Array.from(labels),
    rowCount: files.length,
    classNames: names,
  };
}

/** The same folder, these rows of it only. */
export function pickFiles(source: FolderSource, rows: readonly number[], name: string): FolderSource {
  const { labels } = source;
  return {
    ...source,
    name,
    files: rows.map((row) => source.files[row] as string),
    labels: labels === null ? null : Int32Array.from(rows, (row) => labels[row] as number),
    rowCount: rows.length,
  };
}
