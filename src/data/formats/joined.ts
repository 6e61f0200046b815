/** @file Several sources as one, whose ids differ by what stands before them: how an index names its pictures. */

import type { Dataset, DataSource, SourceBase } from "../dataset.js";
import { sha256Of } from "../names.js";
import { checkRow } from "../rows.js";

/** A source, and what goes before its ids. */
export interface PrefixedSource {
  readonly source: DataSource;
  readonly prefix: string;
}

/** sha256: of the parts' prefixes and sha256. Rows follow each other in the order of the parts. */
export interface JoinedSource extends SourceBase {
  readonly kind: "joined";
  readonly parts: readonly PrefixedSource[];
}

/** @param parts one at least; classes are the same where their names are */
export function joinSources(parts: readonly PrefixedSource[], name: string): DataSource {
  const [{ source, prefix }] = parts as readonly [PrefixedSource];
  if (parts.length === 1 && prefix === "") return source;
  return {
    kind: "joined",
    name,
    format: source.format,
    rowCount: parts.reduce((sum, part) => sum + part.source.rowCount, 0),
    classNames: [...new Set(parts.flatMap((part) => part.source.classNames))],
    sha256: sha256Of(...parts.flatMap((part) => [part.prefix, "\0", part.source.sha256])),
    parts,
  };
}

/** In which part a row lies, and its row there. @throws DataError unless it is a row of the source */
export function partOf(
  { name, rowCount, parts }: JoinedSource,
  row: number,
): { readonly part: number; readonly inPart: number } {
  checkRow(name, row, rowCount);
  let [part, inPart] = [0, row];
  while (inPart >= parts[part]!.source.rowCount) inPart -= parts[part++]!.source.rowCount;
  return { part, inPart };
}

/** @param open opens a part */
export async function openJoined(
  joined: JoinedSource,
  open: (source: DataSource) => Promise<Dataset>,
): Promise<Dataset> {
  const { name, rowCount, classNames, parts } = joined;
  const labels = new Map(classNames.map((className, label) => [className, label]));
  const datasets: Dataset[] = [];
  for (const { source } of parts) datasets.push(await open(source));
  return {
    name,
    size: rowCount,
    classNames,
    label(row) {
      const { part, inPart } = partOf(joined, row);
      const dataset = datasets[part]!;
      const label = dataset.label(inPart);
      return label === null ? null : labels.get(dataset.classNames[label]!)!;
    },
    id(row) {
      const { part, inPart } = partOf(joined, row);
      return parts[part]!.prefix + datasets[part]!.id(inPart);
    },
    picture: async (row) => {
      const { part, inPart } = partOf(joined, row);
      return datasets[part]!.picture(inPart);
    },
  };
}
