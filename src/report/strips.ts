/** @file The neighbour strips of a run, as they stand in the page. */

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { RUN } from "../run/layout.js";
import { thin } from "./curves.js";
import type { RunRecords } from "./runRecords.js";

export interface Strip {
  readonly epoch: number;
  readonly step: number;
  /** The PNG itself: the page stands alone. */
  readonly dataUri: string;
}

/** Strips in a page, at most: each is some hundred kilobytes. */
const MOST_STRIPS = 24;

/** Those that exist, thinned evenly; the first and the last stay. */
export async function readStrips({ folder, evaluations }: RunRecords): Promise<Strip[]> {
  const listed = evaluations.flatMap(({ epoch, step, strips }) =>
    typeof strips === "string" ? { epoch, step, strips } : [],
  );
  const strips = thin(listed, MOST_STRIPS).map(async ({ epoch, step, strips }): Promise<Strip[]> => {
    // Only what lies in the folder of strips: a copied metrics.jsonl must not draw other files into the page.
    const bytes = await readFile(join(folder, RUN.neighbours, basename(strips))).catch(() => null);
    return bytes ? [{ epoch, step, dataUri: `data:image/png;base64,${bytes.toString("base64")}` }] : [];
  });
  return (await Promise.all(strips)).flat();
}
