/** @file Labels as files: CSV for a table, JSON to go on with later, a plan of folders to train from. */

import * as z from "zod";
import { checkSchema, parseJson } from "../../artifact/schema.js";
import { UsageError } from "../../errors.js";
import type { Labelling } from "./labelling.js";
import type { Predictions } from "./predict.js";

/** One row and what it is taken for. */
export interface Labelled {
  readonly row: number;
  readonly className: string;
  /** In [0, 1]; 1 for an example. */
  readonly probability: number;
  /** A person said so. */
  readonly example: boolean;
}

/** Rows that have a class, in their order; predicted ones only where they are at least this probable. */
export function labelledRows(
  { rows, classes, examples }: Labelling,
  { classOf, probability }: Predictions,
  leastProbability = 0,
): Labelled[] {
  const found: Labelled[] = [];
  for (let row = 0; row < rows; row++) {
    const given = examples.get(row);
    if (given !== undefined) found.push({ row, className: given, probability: 1, example: true });
    else if (classOf[row]! >= 0 && probability[row]! >= leastProbability) {
      found.push({ row, className: classes[classOf[row]!]!, probability: probability[row]!, example: false });
    }
  }
  return found;
}

/** By RFC 4180: id, class, probability, source ("example" or "predicted"). */
export function printCsv(labelled: readonly Labelled[], ids: readonly string[]): string {
  const lines = labelled.map(({ row, className, probability, example }) =>
    [ids[row]!, className, probability.toFixed(4), example ? "example" : "predicted"].map(quoted).join(","),
  );
  return ["id,class,probability,source", ...lines, ""].join("\r\n");
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

const REMEDY = "choose a file that this page exported";

const schema = z.object({
  format: z.literal("onnx-instdisc labels"),
  formatVersion: z.literal(1),
  collection: z.string(),
  classes: z.array(z.string()),
  examples: z.array(z.object({ id: z.string(), class: z.string() })),
  /** For other readers; not read again. */
  predictions: z.array(z.object({ id: z.string(), class: z.string(), probability: z.number() })).default([]),
});

/** What is in a JSON file of labels. */
export type LabelFile = z.output<typeof schema>;

/** @param name of the collection */
export function printJson(
  name: string,
  { classes }: Labelling,
  labelled: readonly Labelled[],
  ids: readonly string[],
): string {
  const file: LabelFile = {
    format: "onnx-instdisc labels",
    formatVersion: 1,
    collection: name,
    classes: [...classes],
    examples: labelled
      .filter(({ example }) => example)
      .map(({ row, className }) => ({ id: ids[row]!, class: className })),
    predictions: labelled
      .filter(({ example }) => !example)
      .map(({ row, className, probability }) => ({ id: ids[row]!, class: className, probability })),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Puts classes and examples of a JSON file in the place of what is there, in one step that can be taken back.
 * @param where the file, for messages
 * @returns ids that this collection does not have; their examples are left out
 * @throws ArtifactError when it is no such file; UsageError when it has none of this collection's ids
 */
export function importJson(
  json: string,
  where: string,
  labelling: Labelling,
  ids: readonly string[],
): string[] {
  const file = checkSchema(schema, parseJson(json, where, REMEDY), where, REMEDY);
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const missing = file.examples.filter(({ id }) => !rowOf.has(id)).map(({ id }) => id);
  if (missing.length > 0 && missing.length === file.examples.length) {
    throw new UsageError(
      `${where}: holds labels of ${file.collection}, none of whose pictures is here, expected labels of this ` +
        `collection; open the other one`,
    );
  }
  const here = file.examples.filter(({ id }) => rowOf.has(id));
  labelling.replace(
    file.classes,
    here.map(({ id, class: name }) => [rowOf.get(id)!, name]),
  );
  return missing;
}

/** One file to write: picture `row` at `path`. */
export interface PlannedFile {
  readonly path: string;
  readonly row: number;
}

/** What some file system does not take in a name. */
const UNFIT = /[\\/:*?"<>|\u0000-\u001f]+/g;

/**
 * A folder for each class, as training reads them: class/id.
 * @param extension of the files, without a dot; an id's own gives way to it
 * @returns paths that differ, also where capitals do not count
 */
export function planFolders(
  labelled: readonly Labelled[],
  ids: readonly string[],
  extension: string,
): PlannedFile[] {
  const taken = new Set<string>();
  return labelled.map(({ row, className }) => {
    const stem = fitName(ids[row]!.replace(/\.[A-Za-z]{3,4}$/, ""));
    const path = `${fitName(className)}/${stem}`;
    let unique = path;
    for (let again = 2; taken.has(unique.toLowerCase()); again++) unique = `${path}-${again}`;
    taken.add(unique.toLowerCase());
    return { path: `${unique}.${extension}`, row };
  });
}

/** No name of a file system's own, such as "..", and no dot or space at an end. */
function fitName(name: string): string {
  const fit = name.replace(UNFIT, "_").replace(/^[. ]+|[. ]+$/g, "");
  return fit === "" ? "_" : fit;
}
