/**
 * @file What a set of pictures is, and the one place that knows every format.
 *
 * A DataSource is a plain description: it survives a structured clone, so that a worker thread can reopen
 * the same pictures. A Dataset is the opened thing. To add a format: one file in formats/ with its source
 * interface, its open function and its finder (named in formats/rules.ts, called in locate.ts), one name in
 * dataFormats.ts, one member in DataSource and one case in openDataset.
 */

import type { DataFormat } from "./dataFormats.js";
import { openCifar } from "./formats/cifar.js";
import type { CifarSource } from "./formats/cifar.js";
import { openFolder } from "./formats/folder.js";
import type { FolderSource } from "./formats/folder.js";
import { openIdx } from "./formats/idx.js";
import type { IdxSource } from "./formats/idx.js";
import { openJoined } from "./formats/joined.js";
import type { JoinedSource } from "./formats/joined.js";
import { openParquet } from "./formats/parquet.js";
import type { ParquetSource } from "./formats/parquet.js";
import { openPicked } from "./formats/picked.js";
import type { PickedSource } from "./formats/picked.js";
import { openWebDataset } from "./formats/webDataset.js";
import type { WebDatasetSource } from "./formats/webDataset.js";

export { DATA_FORMATS, type DataFormat } from "./dataFormats.js";

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
  readonly format: DataFormat;
  readonly rowCount: number; // pictures
  readonly classNames: readonly string[];
  /**
   * SHA-256, in hexadecimal, of which picture every row is: the ids in order, each with a zero byte after it,
   * and what is cheap to read and changes with the pictures (each format says what).
   */
  readonly sha256: string;
}

export type DataSource =
  CifarSource | FolderSource | IdxSource | JoinedSource | ParquetSource | PickedSource | WebDatasetSource;

/** @throws DataError (as a rejection) if the files are missing, damaged or of another kind */
export function openDataset(source: DataSource): Promise<Dataset> {
  switch (source.kind) {
    case "cifar":
      return openCifar(source);
    case "folder":
      return openFolder(source);
    case "idx":
      return openIdx(source);
    case "joined":
      return openJoined(source, openDataset);
    case "parquet":
      return openParquet(source);
    case "picked":
      return openPicked(source, openDataset);
    case "webdataset":
      return openWebDataset(source);
  }
}
