/**
 * @file WebDataset: tar files in which members that follow each other and share the name up to the first dot
 * are one picture and what belongs to it: 0001.jpg, 0001.cls (a class as text), 0001.json (with "label").
 * Archives are indexed once, by their headers; pictures are then read by their place.
 * Source: https://github.com/webdataset/webdataset, section on the format
 */

import path from "node:path";
import { bytesOf } from "../../ir/rawTensor.js";
import type { Dataset, SourceBase } from "../dataset.js";
import { decodePicture } from "../decode.js";
import { PICTURE_EXTENSIONS } from "../pictureNames.js";
import { readRange } from "../files.js";
import type { FolderListing } from "../folders.js";
import { numberLabels } from "../labels.js";
import { nameAt, packNames, sha256Of, shareNumbers } from "../names.js";
import type { NameList } from "../names.js";
import { datasetOf } from "../rows.js";
import { findParts, splitByName } from "./finder.js";
import type { FinderContext, Parts } from "./finder.js";
import { forEachMember } from "./tar.js";
import type { TarMember } from "./tar.js";

/** sha256: of the ids and the sizes of the pictures, as float64. */
export interface WebDatasetSource extends SourceBase {
  readonly kind: "webdataset";
  readonly root: string;
  readonly archives: readonly string[]; // relative to root
  readonly archiveOf: Float64Array; // [rowCount], into archives
  readonly offsets: Float64Array; // [rowCount], bytes from the archive's begin
  readonly sizes: Float64Array; // [rowCount], bytes
  readonly ids: NameList; // archive/member
  readonly labels: Int32Array | null; // [rowCount]
}

/** Larger members are not read for a label. */
const MOST_LABEL_BYTES = 1 << 20;

/** Opens at once: pictures are read and decoded when they are asked for. */
export function openWebDataset(source: WebDatasetSource): Promise<Dataset> {
  const { root, archives, archiveOf, offsets, sizes, ids, labels } = source;
  const read = async (row: number) => {
    const archive = path.join(root, archives[archiveOf[row]!]!);
    const bytes = await readRange(archive, offsets[row]!, sizes[row]!);
    return decodePicture(bytes, path.join(root, nameAt(ids, row)));
  };
  return Promise.resolve(datasetOf(source, { labels, id: (row) => nameAt(ids, row), read }));
}

/** Name up to the first dot after the last slash, and what follows that dot in lower case. */
function splitName(name: string): { key: string; extension: string } {
  const dot = name.indexOf(".", name.lastIndexOf("/") + 1);
  return dot < 0
    ? { key: name, extension: "" }
    : { key: name.slice(0, dot), extension: name.slice(dot + 1).toLowerCase() };
}

/** A class as text or number, from .cls or .json; null where there is none. */
function labelIn(extension: string, bytes: Buffer): string | null {
  const text = bytes.toString().trim();
  if (extension === "cls") return text || null;
  try {
    const { label } = (JSON.parse(text) ?? {}) as { label?: unknown };
    return typeof label === "string" || typeof label === "number" ? String(label) : null;
  } catch {
    return null; // what else is written there does not concern us
  }
}

interface Rows {
  readonly ids: string[];
  readonly archiveOf: number[];
  readonly offsets: number[];
  readonly sizes: number[];
  readonly labels: (string | null)[];
}

/** Adds an archive's pictures. @returns what was found where it is damaged, or null */
function indexArchive(root: string, archives: readonly string[], at: number, rows: Rows): string | null {
  let sample: { key: string; picture: TarMember | null; cls: string | null; json: string | null } | null =
    null;
  const endSample = (): void => {
    if (sample?.picture) {
      rows.ids.push(`${archives[at]!}/${sample.picture.name}`);
      rows.archiveOf.push(at);
      rows.offsets.push(sample.picture.offset);
      rows.sizes.push(sample.picture.size);
      rows.labels.push(sample.cls ?? sample.json);
    }
    sample = null;
  };
  const damage = forEachMember(path.join(root, archives[at]!), (member, read) => {
    const { key, extension } = splitName(member.name);
    if (key === "" || key.endsWith("/")) return; // hidden: ._0001.jpg
    if (sample?.key !== key) {
      endSample();
      sample = { key, picture: null, cls: null, json: null };
    }
    const current = sample;
    if (PICTURE_EXTENSIONS.includes(extension)) current.picture ??= member;
    else if ((extension === "cls" || extension === "json") && member.size <= MOST_LABEL_BYTES) {
      current[extension] = labelIn(extension, read());
    }
  });
  endSample();
  return damage;
}

/**
 * Reads the headers of all archives.
 * @param archives names in the folder root
 * @returns null where they hold no picture
 * @throws DataError (as a rejection) if one cannot be read or is no tar file. The rest of one that is damaged
 *   further on is skipped, and told
 */
export function indexArchives(
  root: string,
  archives: readonly string[],
  { knownClasses, skipped }: FinderContext,
): Promise<WebDatasetSource | null> {
  const rows: Rows = { ids: [], archiveOf: [], offsets: [], sizes: [], labels: [] };
  archives.forEach((archive, at) => {
    const damage = indexArchive(root, archives, at, rows);
    if (damage !== null)
      skipped.push({ path: path.join(root, archive), reason: `${damage}; the rest of it` });
  });
  if (rows.ids.length === 0) return Promise.resolve(null);
  const ids = packNames(rows.ids);
  const sizes = shareNumbers(rows.sizes);
  return Promise.resolve({
    kind: "webdataset",
    name: archives.length === 1 ? archives[0]! : path.basename(root),
    format: "webdataset",
    rowCount: rows.ids.length,
    ...numberLabels(rows.labels, knownClasses, root),
    sha256: sha256Of(ids.utf8, bytesOf(sizes)),
    root,
    archives,
    archiveOf: shareNumbers(rows.archiveOf),
    offsets: shareNumbers(rows.offsets),
    sizes,
    ids,
  });
}

/** Looks for tar files; parts are told apart by their names. @returns null where none holds a picture */
export function findArchives(listing: FolderListing, context: FinderContext): Promise<Parts | null> {
  const names = listing.files.filter((name) => name.toLowerCase().endsWith(".tar"));
  if (names.length === 0) return Promise.resolve(null);
  return findParts(splitByName(listing, names, context.skipped), context, (part, partContext) =>
    indexArchives(listing.path, part, partContext),
  );
}
