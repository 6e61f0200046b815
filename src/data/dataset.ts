/**
 * @file What a set of pictures is, and the one place that knows every format.
 *
 * A DataSource is a plain description: it survives a structured clone, so that a worker thread can reopen
 * the same pictures. A Dataset is the opened thing. To add a format: one file with its source interface, its
 * open function and its finder (called in locate.ts), one member in DataSource and one case in openDataset.
 */

import { openFolder } from "./folder.js";
import type { FolderSource } from "./folder.js";
import { openIdx } from "./idx.js";
import type { IdxSource } from "./idx.js";

/** A decoded picture, 8 bits per value. */
export interface Picture {
  readonly width: number; // pixels, >= 1
  readonly height: number; // pixels, >= 1
  /** 1: gray; 3: red, green, blue in sRGB. */
  readonly channels: 1 | 3;
  /** [height, width, channels]; may be a view of shared storage, so never write to it. */
  readonly data: Uint8Array;
}

/** An opened set of pictures. Rows run from 0 to size - 1 and always name the same pictures. */
export interface Dataset {
  readonly name: string;
  readonly size: number; // pictures
  /** Name of each label; empty where the pictures have no labels. */
  readonly classNames: readonly string[];
  /** Label of a row, into classNames; null where the pictures have none. */
  label(row: number): number | null;
  /** What a person would call this picture: its path inside the set, or its number. */
  id(row: number): string;
  /** @throws DataError (as a rejection) if the picture cannot be read */
  picture(row: number): Promise<Picture>;
}

/** What every kind of source says without being opened. */
export interface SourceBase {
  readonly name: string;
  readonly rowCount: number; // pictures
  readonly classNames: readonly string[];
}

export type DataSource = IdxSource | FolderSource;

/** @throws DataError (as a rejection) if the files are missing, damaged or of another kind */
export function openDataset(source: DataSource): Promise<Dataset> {
  switch (source.kind) {
    case "idx":
      return openIdx(source);
    case "folder":
      return openFolder(source);
  }
}
