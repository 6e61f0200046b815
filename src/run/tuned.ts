/** @file tuned/ of a run folder: the graphs that the run computes with, and what they are fitted to. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { atomicWrite, describeFile, makeFolder } from "../artifact/node.js";
import { parseTunedGraphs, type TunedGraphsFile } from "../artifact/tuning.js";
import { RUN } from "./layout.js";

const RECORD = "tuning.json";

export interface TunedGraphs {
  readonly record: Omit<TunedGraphsFile, "files" | "formatVersion">;
  /** By the names that they have in the artifact. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** @throws ArtifactError when they cannot be written; what says that they are whole comes last */
export async function writeTunedGraphs(out: string, { record, files }: TunedGraphs): Promise<void> {
  const folder = join(out, RUN.tuned);
  await makeFolder(folder);
  for (const [name, bytes] of files) await atomicWrite(join(folder, name), bytes);
  const entries = [...files].map(([name, bytes]) => [name, describeFile(bytes)] as const);
  const text: TunedGraphsFile = { formatVersion: 1, ...record, files: Object.fromEntries(entries) };
  await atomicWrite(join(folder, RECORD), new TextEncoder().encode(`${JSON.stringify(text, null, 2)}\n`));
}

/** @returns null unless all of them are there, and whole */
export async function readTunedGraphs(out: string): Promise<TunedGraphs | null> {
  const folder = join(out, RUN.tuned);
  try {
    const path = join(folder, RECORD);
    const { files: entries, ...record } = parseTunedGraphs(await readFile(path, "utf8"), path);
    const files = new Map<string, Uint8Array>();
    for (const [name, { sha256 }] of Object.entries(entries)) {
      const bytes = await readFile(join(folder, name));
      if (describeFile(bytes).sha256 !== sha256) return null;
      files.set(name, bytes);
    }
    return { record, files };
  } catch {
    return null;
  }
}
