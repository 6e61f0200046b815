/** @file Some rows of another source, in any format: how pictures are held out for evaluation. */

import { bytesOf } from "../../ir/rawTensor.js";
import type { Dataset, DataSource, SourceBase } from "../dataset.js";
import { sha256Of } from "../names.js";
import { checkRow } from "../rows.js";

/** sha256: of the whole source's sha256 and the rows. */
export interface PickedSource extends SourceBase {
  readonly kind: "picked";
  readonly whole: DataSource;
  readonly rows: Int32Array; // [rowCount], into whole
}

export function pickRows(whole: DataSource, rows: Int32Array, name: string): PickedSource {
  return {
    kind: "picked",
    name,
    format: whole.format,
    rowCount: rows.length,
    classNames: whole.classNames,
    sha256: sha256Of(whole.sha256, bytesOf(rows)),
    whole,
    rows,
  };
}

/** @param open opens the whole source */
export async function openPicked(
  source: PickedSource,
  open: (source: DataSource) => Promise<Dataset>,
): Promise<Dataset> {
  const { name, rows, rowCount, classNames } = source;
  const whole = await open(source.whole);
  const rowOf = (row: number): number => {
    checkRow(name, row, rowCount);
    return rows[row]!;
  };
  return {
    name,
    size: rowCount,
    classNames,
    label: (row) => whole.label(rowOf(row)),
    id: (row) => whole.id(rowOf(row)),
    picture: async (row) => whole.picture(rowOf(row)),
  };
}
