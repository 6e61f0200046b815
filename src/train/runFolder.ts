/** @file The folder of a run: made, or cleared, before anything is computed. */

import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MANIFEST_FILE } from "../artifact/node.js";
import { FILES } from "../build/buildArtifact.js";
import { ArtifactError, UsageError } from "../errors.js";
import { METRICS_FILE } from "./metrics.js";

const OURS: readonly string[] = [MANIFEST_FILE, METRICS_FILE, ...Object.values(FILES)];

/**
 * Makes `folder` ready to take a run. Of an earlier run only our own files are removed.
 * @throws UsageError when it holds files and `overwrite` is not set
 * @throws ArtifactError when it cannot be written to
 */
export async function prepareRunFolder(folder: string, overwrite: boolean): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const present = await readdir(folder);
    if (present.length > 0 && !overwrite) {
      throw new UsageError(
        `${folder}: is not empty (${present.length} found), expected an empty or new folder; choose another --out, or pass --overwrite`,
      );
    }
    for (const name of OURS) await rm(join(folder, name), { force: true });
    await writeFile(join(folder, METRICS_FILE), "");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new ArtifactError(
      `${folder}: cannot be written (${code}), expected a folder to write to; choose another --out`,
      { cause: error },
    );
  }
}
