/** @file The pictures of one or more paths, each with an id that no other has. */

import path from "node:path";
import type { DataFormat, DataSource } from "../data/dataset.js";
import { hasPictureExtension } from "../data/pictureNames.js";
import { resolveTarget, type DownloadOptions } from "../data/download/resolveDataset.js";
import { kindOfPath } from "../data/files.js";
import type { SkippedPath } from "../data/folders.js";
import type { Parts } from "../data/formats/finder.js";
import { sourceOfFiles } from "../data/formats/folder.js";
import { partOf } from "../data/formats/joined.js";
import { locateData } from "../data/locate.js";
import { nameAt } from "../data/names.js";
import { DataError } from "../errors.js";

/** Which pictures of a set: those to learn from, those to evaluate on, or both. */
export const PARTS = ["train", "evaluate", "all"] as const;
export type Part = (typeof PARTS)[number];

export interface NamedSource {
  readonly source: DataSource;
  /** Goes before the ids of the set, so that they differ from those of the other sources. */
  readonly prefix: string;
}

export interface LocatePicturesOptions extends DownloadOptions {
  /** Default: all. Where nothing is to be evaluated on, all pictures are to be learned from. */
  readonly part?: Part | undefined;
  /** The only format to look for; default: what is there decides. */
  readonly format?: DataFormat | undefined;
  /** Chooses what is held out, where the data has no evaluation part; default 0. */
  readonly seed?: number | undefined;
}

export interface LocatedPictures {
  readonly sources: readonly NamedSource[];
  /** What lies there and was not taken. */
  readonly skipped: readonly SkippedPath[];
}

/**
 * @param paths folders, files and names of data sets, as train takes them, and single picture files; one given
 *   twice counts once
 * @throws DataError (as a rejection) where there are no pictures
 */
export async function locatePictures(
  paths: readonly string[],
  options: LocatePicturesOptions = {},
): Promise<LocatedPictures> {
  const distinct = [...new Set(paths)];
  const isPicture = await Promise.all(distinct.map(isPictureFile));
  const files = distinct.filter((_, at) => isPicture[at]);
  const sets = distinct.filter((_, at) => !isPicture[at]);
  const [sources, skipped]: [NamedSource[], SkippedPath[]] = [[], []];
  for (const set of sets) {
    const { seed = 0, format, part = "all" } = options;
    const located = await locateData(await resolveTarget(set, options), { seed, format });
    const before = distinct.length > 1 ? `${path.normalize(set).replace(/[/\\]+$/, "")}/` : "";
    sources.push(...takePart(set, located, part).map((one) => ({ ...one, prefix: before + one.prefix })));
    skipped.push(...located.skipped);
  }
  if (files.length > 0) sources.push({ source: sourceOfPictureFiles(files), prefix: "" });
  return { sources, skipped };
}

async function isPictureFile(given: string): Promise<boolean> {
  return hasPictureExtension(path.basename(given)) && (await kindOfPath(given)) === "file";
}

/** Picture files as a set without labels. @param files as a person names them: these become their ids */
export function sourceOfPictureFiles(files: readonly string[]): DataSource {
  const root = process.cwd();
  return sourceOfFiles({ format: "list", root, files, labels: null, classNames: [] });
}

/** @throws DataError where there is no such part */
export function takePart(where: string, { train, evaluate }: Parts, part: Part): NamedSource[] {
  if (part === "train" || (part === "all" && evaluate === null)) return [{ source: train, prefix: "" }];
  if (evaluate === null) {
    throw new DataError(
      `${where}: found no pictures to evaluate on, expected val/ or test/ beside train/, or labels; ` +
        "leave out --part evaluate",
    );
  }
  if (part === "evaluate") return [{ source: evaluate, prefix: "" }];
  // Parts of one whole share its ids, and none has another's.
  if (train.kind === "picked") return [train, evaluate].map((source) => ({ source, prefix: "" }));
  return [train, evaluate].map((source) => ({ source, prefix: `${path.basename(source.name)}/` }));
}

/** The file that a picture is; null: it lies in a larger one. */
export function pictureFile(source: DataSource, row: number): string | null {
  switch (source.kind) {
    case "folder":
      return path.resolve(source.root, nameAt(source.files, row));
    case "joined": {
      const { part, inPart } = partOf(source, row);
      return pictureFile(source.parts[part]!.source, inPart);
    }
    case "picked":
      return pictureFile(source.whole, source.rows[row]!);
    default:
      return null;
  }
}
