/** @file The learned pictures as the collection that the rest of the page searches. */

import { COLLECTION, printCollection, sheetName } from "../../../artifact/collection.js";
import { compareNaturally } from "../../../data/naturalOrder.js";
import { normalizeRows, takeRows } from "../../../search/vectors.js";
import { COLUMNS, packCollection, PER_SHEET } from "../../../serve/collection/packCollection.js";
import { boundEncoder } from "../../../train/runFiles.js";
import type { MemoryCollection } from "../../engine/engineTypes.js";
import type { LearningRun, TellStage } from "./begin.js";
import type { Machine } from "./machine.js";
import { drawMap } from "./map.js";
import { readableRows, type PictureSet } from "./pictures.js";
import { drawTiles } from "./tiles.js";

/** @param tell of the map, which takes seconds */
export async function collectionOf(
  { plan, set, state, bank }: LearningRun,
  machine: Machine,
  tell: TellStage,
): Promise<MemoryCollection> {
  const rows = readableRows(set);
  const [count, dim] = bank.shape as [number, number];
  const ids = Array.from(rows, (row) => set.ids[row]!);
  const { objective } = plan.recipe;
  const learned = normalizeRows(takeRows({ count, dim, data: bank.data }, rows));
  const { vectors, description } = packCollection({
    name: set.name,
    ids,
    vectors: learned,
    ...classesOf(ids),
    map: await drawMap(learned, machine, tell),
    preprocessing: plan.preprocessing,
    temperature: "temperature" in objective ? objective.temperature : 1,
    originals: false,
  });
  const binary = (bytes: Uint8Array): Blob => new Blob([bytes as Uint8Array<ArrayBuffer>]);
  return new Map([
    [COLLECTION.description, new Blob([printCollection(description)], { type: "application/json" })],
    [COLLECTION.encoder, binary(boundEncoder(plan, state))],
    [COLLECTION.vectors, binary(vectors)],
    ...(await sheetsOf(set, rows)),
  ]);
}

async function sheetsOf({ pictures }: PictureSet, rows: Int32Array): Promise<[string, Blob][]> {
  const sheets: [string, Blob][] = [];
  for (let first = 0; first < rows.length; first += PER_SHEET) {
    const shown = Array.from(rows.subarray(first, first + PER_SHEET), (row) => pictures[row]!);
    sheets.push([
      `${COLLECTION.sprites}/${sheetName(sheets.length)}`,
      await drawTiles(shown, COLUMNS, "image/jpeg"),
    ]);
  }
  return sheets;
}

/** Folders are classes where every picture lies in one, and there are two of them. */
function classesOf(ids: readonly string[]): {
  readonly labels: Int32Array | null;
  readonly classNames: string[];
} {
  const folders = ids.map((id) => (id.includes("/") ? id.slice(0, id.indexOf("/")) : null));
  const classNames = [...new Set(folders.filter((name) => name !== null))].sort(compareNaturally);
  if (folders.includes(null) || classNames.length < 2) return { labels: null, classNames: [] };
  const numbers = new Map(classNames.map((name, at) => [name, at]));
  return { labels: Int32Array.from(folders, (name) => numbers.get(name!)!), classNames };
}
