/** @file onnx-instdisc duplicates: near-duplicate groups among pictures. Deletes nothing. */

import path from "node:path";
import type { Argv } from "yargs";
import { atomicWrite } from "../../artifact/node.js";
import { UsageError } from "../../errors.js";
import { findDuplicates, type Duplicate, type Duplicates, type Propose } from "../../models/duplicates.js";
import { printDuplicatesPage } from "../../models/duplicatesPage.js";
import { PARTS, type Part } from "../../models/locatePictures.js";
import { readModel } from "../../models/model.js";
import { openNamed, type NamedPictures } from "../../models/namedPictures.js";
import { namesIndex } from "../../models/namesIndex.js";
import { openIndex } from "../../models/openIndex.js";
import { proposeByIndex, proposeByVectors } from "../../models/propose.js";
import {
  EMBEDDING_OPTIONS,
  embedNamed,
  locateNamedPictures,
  tellBrokenPictures,
  type EmbeddingArguments,
} from "../embedding.js";
import { counted } from "../format.js";
import type { Io } from "../io.js";
import { checkNumbers } from "../option.js";
import { withProgress } from "../progress.js";

/** More pictures are not compared by their pixels with all others, where an index proposes pairs. */
const MOST_BY_PIXELS = 100_000;

const OPTIONS = {
  model: {
    type: "string",
    requiresArg: true,
    describe: "also compare what this model finds alike",
    defaultDescription: "pixels alone",
  },
  threshold: {
    type: "number",
    requiresArg: true,
    describe: "likeness from which pictures are copies, above 0 to 1",
    defaultDescription: "picked from the pictures",
  },
  part: {
    choices: PARTS,
    requiresArg: true,
    describe: "pictures to look at",
    defaultDescription: "all",
  },
  out: { type: "string", requiresArg: true, describe: "page to write, with the groups side by side" },
  ...EMBEDDING_OPTIONS,
  json: { type: "boolean", default: false, describe: "print the groups as JSON" },
} as const;

interface DuplicatesArguments extends EmbeddingArguments {
  readonly path: string;
  readonly model?: string;
  readonly threshold?: number;
  readonly part?: Part;
  readonly out?: string;
  readonly json: boolean;
}

export function duplicatesCommand(parser: Argv, io: Io): void {
  parser.command(
    "duplicates <path>",
    "List copies of pictures: saved again, resized, mirrored, cropped",
    (command) =>
      command
        .positional("path", {
          type: "string",
          demandOption: true,
          describe: "pictures as train takes them, a run, or an index",
        })
        .options(OPTIONS)
        .example("$0 duplicates photos --out duplicates.html", "groups side by side")
        .example("$0 duplicates photos > copies.txt", "the files that could go, one a line")
        .example("$0 duplicates photos --model build/run", "proposals by a model too: finds stronger crops")
        .epilogue("Prints the files that could go, all but the largest of each group. Deletes nothing."),
    async (parsed) => {
      io.stdout.write(await duplicates(parsed, io));
    },
  );
}

async function duplicates(given: DuplicatesArguments, io: Io): Promise<string> {
  checkNumbers(given);
  const { threshold } = given;
  if (threshold !== undefined && !(threshold > 0 && threshold <= 1)) {
    throw new UsageError(`--threshold: found ${threshold}, expected above 0, at most 1; correct it`);
  }
  const opened = await open(given, io);
  try {
    return await listDuplicates(opened, given, io);
  } finally {
    await opened.close();
  }
}

async function listDuplicates(
  { pictures, propose, proposeByPixels }: Opened,
  given: DuplicatesArguments,
  io: Io,
): Promise<string> {
  const { threshold, threads, out } = given;
  const found = await withProgress(io, (progress) =>
    findDuplicates(pictures, { threshold, threads, progress, proposeByPixels, ...(propose && { propose }) }),
  );
  tellBrokenPictures(found.broken, io);
  if (out !== undefined)
    await atomicWrite(out, new TextEncoder().encode(await printDuplicatesPage(pictures, found)));
  tellSummary(found, given, io);
  if (given.json) return `${JSON.stringify({ ...found, broken: found.broken.length })}\n`;
  return found.groups
    .map((group) =>
      group
        .slice(1)
        .map((copy) => `${shownPath(copy)}\n`)
        .join(""),
    )
    .join("");
}

interface Opened {
  readonly pictures: NamedPictures;
  readonly propose: Propose | null;
  readonly proposeByPixels: boolean;
  close(): Promise<void>;
}

/** A run and an index bring their own vectors; pictures get some where there is a model. */
async function open(given: DuplicatesArguments, io: Io): Promise<Opened> {
  if (namesIndex(given.path)) return openPicturesOfIndex(given, io);
  const options = { part: given.part, format: given["data-format"] };
  const sources = await locateNamedPictures([given.path], options, io);
  const pictures = await openNamed(sources);
  const opened = { pictures, proposeByPixels: true, close: async () => {} };
  if (given.model === undefined) return { ...opened, propose: null };
  const embedded = await embedNamed(await readModel(given.model), sources, given, io);
  return { ...opened, propose: proposeByVectors(pictures, embedded, given.threads) };
}

async function openPicturesOfIndex(given: DuplicatesArguments, io: Io): Promise<Opened> {
  checkForIndex(given);
  const index = await withProgress(io, (progress) => openIndex(given.path, { progress }));
  const close = (): Promise<void> => index.backend.close();
  try {
    if (index.pictures === null) {
      throw new UsageError(
        `${given.path}: does not say where its pictures are, expected some to compare; give their folder`,
      );
    }
    const pictures = await openNamed([{ source: index.pictures.source, prefix: "" }]);
    const proposeByPixels = pictures.size <= MOST_BY_PIXELS;
    return { pictures, propose: proposeByIndex(pictures, index), proposeByPixels, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws UsageError listing options that say what a run and an index say themselves */
function checkForIndex(given: DuplicatesArguments): void {
  const found = (["model", "part", "data-format"] as const).filter((name) => given[name] !== undefined);
  if (found.length === 0) return;
  throw new UsageError(
    `${given.path}: found ${found.map((name) => `--${name}`).join(", ")}, expected none of these with a run or an index, ` +
      "which has its own pictures and vectors; leave them out, or give a folder of pictures",
  );
}

function tellSummary(
  { groups, pictures, threshold }: Duplicates,
  { path, out }: DuplicatesArguments,
  io: Io,
): void {
  const copies = groups.reduce((sum, { length }) => sum + length - 1, 0);
  const found =
    groups.length === 0 ? "no copies" : `${copies} that could go, in ${counted(groups.length, "group")}`;
  io.stderr.write(`${counted(pictures, "picture")}: ${found}; alike from ${threshold.toFixed(3)}\n`);
  if (out !== undefined) io.stderr.write(`Wrote ${out}.\n`);
  else if (groups.length > 0)
    io.stderr.write(`Next: npx onnx-instdisc duplicates ${path} --out duplicates.html\n`);
}

/** As a person would type it; an id for what is not a file. */
function shownPath({ file, id }: Duplicate): string {
  if (file === null) return id;
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}
