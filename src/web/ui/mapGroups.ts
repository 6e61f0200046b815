/** @file The groups of the map: what colours its points, and what its list goes through. */

import type { Engine } from "../engine/engine.js";
import type { Labels } from "./useLabels.js";

export type Colouring = "labels" | "labelling";

export interface Groups {
  readonly names: readonly string[];
  /** [n] into names; -1: none of them */
  readonly of: Int32Array;
  /** [names] how many rows each has */
  readonly sizes: readonly number[];
}

/** Nine fields of the map, for collections without any class: rows from the top, columns from the left. */
const FIELDS = [
  "top left",
  "top",
  "top right",
  "left",
  "middle",
  "right",
  "bottom left",
  "bottom",
  "bottom right",
];

export function groupsFor(colouring: Colouring, { collection, labels }: Engine, own: Labels): Groups {
  const none = (): Int32Array => new Int32Array(collection.pictures).fill(-1);
  if (colouring === "labels") return grouped(collection.classNames, labels ?? none());
  const { labelling, predictions, sureFrom } = own;
  const of = none();
  predictions?.classOf.forEach((place, row) => {
    if (place < labelling.classes.length && predictions.probability[row]! >= sureFrom) of[row] = place;
  });
  return grouped(labelling.classes, of);
}

/** Where nothing has a class: parts of the map by their place. @param map [n, 2] in [-1, 1] */
export function fieldsOf(map: Float32Array): Groups {
  const third = (value: number): number => Math.min(2, Math.floor(((value + 1) / 2) * 3));
  const of = Int32Array.from(
    { length: map.length / 2 },
    (_, row) => (2 - third(map[2 * row + 1]!)) * 3 + third(map[2 * row]!),
  );
  return grouped(FIELDS, of);
}

/** Members of a group, those in its middle first. @param map null: in their own order */
export function membersOf({ of }: Groups, group: number, map: Float32Array | null): number[] {
  const rows = Array.from(of.keys()).filter((row) => of[row] === group);
  if (map === null || rows.length === 0) return rows;
  const middle = (axis: number): number => {
    const sorted = rows.map((row) => map[2 * row + axis]!).sort((a, b) => a - b);
    return sorted[sorted.length >> 1]!;
  };
  const [x, y] = [middle(0), middle(1)];
  const away = (row: number): number => (map[2 * row]! - x) ** 2 + (map[2 * row + 1]! - y) ** 2;
  return rows.sort((a, b) => away(a) - away(b));
}

function grouped(names: readonly string[], of: Int32Array): Groups {
  const sizes = names.map(() => 0);
  for (const group of of) if (group >= 0) sizes[group]!++;
  return { names, of, sizes };
}
