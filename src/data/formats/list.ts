/**
 * @file A list of picture files: a path a line (.txt), a table (.csv, .tsv) or JSON lines (.jsonl). Paths are
 * relative to the list. Labels are optional. Hugging Face's metadata.csv and metadata.jsonl are such lists.
 */

import path from "node:path";
import { DataError } from "../../errors.js";
import { hasPictureExtension } from "../pictureNames.js";
import { readBytes } from "../files.js";
import type { FolderListing } from "../folders.js";
import { numberLabels } from "../labels.js";
import type { FinderContext, Parts } from "./finder.js";
import { sourceOfFiles } from "./folder.js";
import type { FolderSource } from "./folder.js";
import { parseTable } from "./table.js";

export const LIST_EXTENSIONS: readonly string[] = [".txt", ".csv", ".tsv", ".jsonl"];

/** Column names, in lower case; the first that is there is taken. */
const PATH_COLUMNS = ["file_name", "path", "file", "filename", "filepath", "image"];
const LABEL_COLUMNS = ["label", "class", "target", "category"];

/** Names that say that a list belongs to the folder it lies in. */
const METADATA = ["metadata.csv", "metadata.jsonl"];

interface Entry {
  readonly file: string;
  readonly label: string | null;
}

/** "cat 1.jpg", "cat 1.jpg 3" and "cat 1.jpg<tab>cat": only what follows a picture's name is a label. */
function parseLine(line: string): Entry {
  const tab = line.indexOf("\t");
  if (tab >= 0) return { file: line.slice(0, tab), label: line.slice(tab + 1).trim() || null };
  const [, file, label] = /^(.*\S)\s+(\S+)$/.exec(line) ?? [];
  if (file === undefined || hasPictureExtension(line) || !hasPictureExtension(file)) {
    return { file: line, label: null };
  }
  return { file, label: label ?? null };
}

/** The first row names the columns if one of its cells is a known name; else the path is first, then the label. */
function parseColumns(rows: readonly (readonly string[])[]): Entry[] {
  const head = rows[0]?.map((cell) => cell.trim().toLowerCase()) ?? [];
  const column = (names: readonly string[]): number =>
    names.map((name) => head.indexOf(name)).find((found) => found >= 0) ?? -1;
  const named = column(PATH_COLUMNS);
  const [fileColumn, labelColumn] = named >= 0 ? [named, column(LABEL_COLUMNS)] : [0, 1];
  return rows
    .slice(named >= 0 ? 1 : 0)
    .map((cells) => ({ file: cells[fileColumn] ?? "", label: cells[labelColumn] || null }));
}

function parseJsonLine(line: string, where: string): Entry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = null;
  }
  const { file_name: file, label } = (value ?? {}) as { file_name?: unknown; label?: unknown };
  if (typeof file === "string") {
    return { file, label: typeof label === "string" || typeof label === "number" ? String(label) : null };
  }
  throw new DataError(
    `${where}: found ${JSON.stringify(line.slice(0, 60))}, expected a JSON object with "file_name" (and "label"); ` +
      `correct or remove the line`,
  );
}

function parseList(text: string, file: string): Entry[] {
  const extension = path.extname(file).toLowerCase();
  if (extension === ".csv") return parseColumns(parseTable(text, ","));
  if (extension === ".tsv") return parseColumns(parseTable(text, "\t"));
  const lines = text.split(/\r?\n/);
  const parse = extension === ".jsonl" ? parseJsonLine : parseLine;
  return lines.flatMap((line, at) => (line.trim() === "" ? [] : [parse(line, `${file}, line ${at + 1}`)]));
}

const readText = async (file: string): Promise<string> =>
  Buffer.from(await readBytes(file))
    .toString()
    .replace(/^\ufeff/, "");

/**
 * Pictures in the order of the list. Whether each is there shows when it is read.
 * @throws DataError (as a rejection) if the list cannot be read or names nothing
 */
export async function readList(file: string, { knownClasses }: FinderContext): Promise<FolderSource> {
  const entries = parseList(await readText(file), file);
  const nameless = entries.findIndex((entry) => entry.file === "");
  if (entries.length === 0 || nameless >= 0) {
    const found = entries.length === 0 ? "an empty list" : `no path in entry ${nameless + 1}`;
    throw new DataError(
      `${file}: found ${found}, expected a path a line, or a table with a column ` +
        `${PATH_COLUMNS.join(", ")} and optionally ${LABEL_COLUMNS.join(", ")}; correct the list`,
    );
  }
  const { labels, classNames } = numberLabels(
    entries.map(({ label }) => label),
    knownClasses,
    file,
  );
  const files = entries.map((entry) => entry.file);
  return {
    ...sourceOfFiles({ format: "list", root: path.dirname(file), files, labels, classNames }),
    name: path.basename(file),
  };
}

/**
 * Looks for metadata.csv or metadata.jsonl that name files.
 * @returns null where there is neither
 */
export async function findMetadata(listing: FolderListing, context: FinderContext): Promise<Parts | null> {
  for (const name of METADATA.filter((wanted) => listing.files.includes(wanted))) {
    const file = path.join(listing.path, name);
    const firstLine = (await readText(file)).split("\n", 1)[0] ?? "";
    // Another program's metadata.csv may lie beside pictures and mean something else.
    if (/\bfile_name\b/.test(firstLine)) return { train: await readList(file, context), evaluate: null };
  }
  return null;
}

/** For a folder that is said to hold a list: metadata.csv or .jsonl, or the only list there. */
export async function findList(listing: FolderListing, context: FinderContext): Promise<Parts | null> {
  const metadata = await findMetadata(listing, context);
  if (metadata !== null) return metadata;
  const lists = listing.files.filter((name) => LIST_EXTENSIONS.includes(path.extname(name).toLowerCase()));
  if (lists.length !== 1) return null;
  return { train: await readList(path.join(listing.path, lists[0]!), context), evaluate: null };
}
