/** @file What commands that embed pictures share: their options, and the embedding with progress. */

import type { Options } from "yargs";
import { DATA_FORMATS, type DataFormat } from "../data/dataset.js";
import type { BrokenPicture } from "../data/loader.js";
import type { SkippedPath } from "../data/folders.js";
import { tellBroken } from "../run/describeRecord.js";
import { embedPictures, type EmbeddedPictures, type EmbedPicturesOptions } from "../models/embedPictures.js";
import { locatePictures, type LocatePicturesOptions, type NamedSource } from "../models/locatePictures.js";
import type { Model } from "../models/model.js";
import type { Io } from "./io.js";
import { withProgress } from "./progress.js";

/** Broken pictures and skipped paths that are named one by one. */
const MOST_TOLD = 50;

export const EMBEDDING_OPTIONS = {
  "data-format": {
    choices: DATA_FORMATS,
    requiresArg: true,
    describe: "how the pictures lie; default: what is there decides",
  },
  threads: { type: "number", requiresArg: true, describe: "threads of the runtime; default: all processors" },
  "data-workers": { type: "number", default: 2, requiresArg: true, describe: "threads that decode pictures" },
  "strict-data": { type: "boolean", default: false, describe: "a picture that cannot be read is an error" },
} as const satisfies Record<string, Options>;

export interface EmbeddingArguments {
  readonly "data-format"?: DataFormat | undefined;
  readonly threads?: number | undefined;
  readonly "data-workers": number;
  readonly "strict-data": boolean;
}

/** The pictures of these paths; what was not taken is told. @throws DataError (as a rejection) where there are none */
export async function locateNamedPictures(
  paths: readonly string[],
  options: LocatePicturesOptions,
  io: Io,
): Promise<readonly NamedSource[]> {
  const { sources, skipped } = await withProgress(io, (progress) =>
    locatePictures(paths, { ...options, progress }),
  );
  tellSkipped(skipped, io);
  return sources;
}

export function tellSkipped(skipped: readonly SkippedPath[], io: Io): void {
  tell(
    skipped.map(({ path, reason }) => `left out: ${path}: found ${reason}`),
    io,
  );
}

/** Embeds with a bar, then tells every broken picture once. */
export async function embedNamed(
  model: Model,
  sources: readonly NamedSource[],
  given: EmbeddingArguments & Pick<EmbedPicturesOptions, "output">,
  io: Io,
  what = "embedding pictures",
): Promise<EmbeddedPictures> {
  const { threads, output, "data-workers": dataWorkers, "strict-data": strictData } = given;
  const embedded = await withProgress(io, (show) =>
    embedPictures(model, sources, {
      ...{ threads, output, dataWorkers, strictData },
      progress: (done, total) => show(what, done, total),
    }),
  );
  tellBrokenPictures(embedded.broken, io);
  return embedded;
}

export function tellBrokenPictures(broken: readonly BrokenPicture[], io: Io): void {
  tell(
    broken.map((picture) => tellBroken({ kind: "broken", ...picture })),
    io,
  );
}

function tell(lines: readonly string[], io: Io): void {
  for (const line of lines.slice(0, MOST_TOLD)) io.stderr.write(`${line}\n`);
  if (lines.length > MOST_TOLD) io.stderr.write(`and ${lines.length - MOST_TOLD} more\n`);
}
