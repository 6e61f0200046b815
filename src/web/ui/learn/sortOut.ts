/** @file Which of the files that were handed over are pictures to learn from. */

import { compareNaturally } from "../../../data/naturalOrder.js";
import type { PictureFile } from "../../learn/protocol.js";

/** What was given, sorted out. */
export interface Given {
  /** Where they come from, for a person: a folder's name; null: single files. */
  readonly name: string | null;
  /** In the order of their paths: the same folder gives the same rows. */
  readonly pictures: readonly PictureFile[];
  /** Files that are no pictures by their names. */
  readonly others: number;
}

/** Where the system knows no type: what browsers decode. */
const PICTURE_NAME = /\.(jpe?g|png|webp|gif|avif|bmp)$/i;

/** @param files as dropped or chosen, with their paths */
export function sortOut(files: readonly PictureFile[]): Given {
  const pictures = files
    .filter(({ path, file }) => file.type.startsWith("image/") || PICTURE_NAME.test(path))
    .sort((a, b) => compareNaturally(a.path, b.path));
  return { name: folderOf(files), pictures, others: files.length - pictures.length };
}

/** The first part of the paths where all have the same. */
function folderOf(files: readonly PictureFile[]): string | null {
  const tops = new Set(files.map(({ path }) => (path.includes("/") ? path.split("/")[0]! : null)));
  const [top] = tops;
  return tops.size === 1 ? (top ?? null) : null;
}
