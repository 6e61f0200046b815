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

/** @param open opens a part */
export async function openJoined(
  { name, rowCount, classNames, parts }: JoinedSource,
  open: (source: DataSource) => Promise<Dataset>,
): Promise<Dataset> {
  const labels = new Map(classNames.map((className, label) => [className, label]));
  const opened: { readonly dataset: Dataset; readonly prefix: string; readonly first: number }[] = [];
  let first = 0;
  for (const { source, prefix } of parts) {
    opened.push({ dataset: await open(source), prefix, first });
    first += source.rowCount;
  }
  const partOf = (row: number) => {
    checkRow(name, row, rowCount);
    return opened.findLast((part) => part.first <= row)!;
  };
  return {
    name,
    size: rowCount,
    classNames,
    label(row) {
      const { dataset, first: before } = partOf(row);
      const label = dataset.label(row - before);
      return label === null ? null : labels.get(dataset.classNames[label]!)!;
    },
    id(row) {
      const { dataset, prefix, first: before } = partOf(row);
      return prefix + dataset.id(row - before);
    },
    picture: async (row) => {
      const { dataset, first: before } = partOf(row);
      return dataset.picture(row - before);
    },
  };
}
