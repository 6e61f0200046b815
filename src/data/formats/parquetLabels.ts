/** @file Labels in Parquet files: class numbers, whose names Hugging Face writes into the file's notes, or text. */

import type { ParquetFile } from "./parquetFile.js";

/** The first that is there is taken. */
const LABEL_COLUMNS = ["label", "labels", "fine_label"];

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

/** A label as text: its class's name where the file names classes. null where there is none, which -1 means too. */
function labelText(value: unknown, names: readonly string[] | null): string | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value === "string") return value;
  if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean") return null;
  return Number(value) === -1 ? null : (names?.[Number(value)] ?? String(value));
}

/** One file's labels as text; null for every row where it has no such column. */
export async function readLabels(
  file: ParquetFile,
  names: readonly string[] | null,
): Promise<(string | null)[]> {
  const column = LABEL_COLUMNS.find((name) => file.columns.some((found) => found.name === name));
  if (column === undefined) return Array<null>(file.rowCount).fill(null);
  return (await file.values(column, 0, file.rowCount)).map((value) => labelText(value, names));
}

/** The classes that a file names for its labels. */
export function namedClasses(file: ParquetFile): readonly string[] | null {
  for (const column of LABEL_COLUMNS) {
    const names = classNamesIn(file, column);
    if (names !== null) return names;
  }
  return null;
}
