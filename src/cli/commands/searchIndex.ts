/** @file onnx-instdisc index: makes and changes an index that lasts. */

import type { Argv } from "yargs";
import { PRECISIONS } from "../../artifact/searchIndex.js";
import { UsageError } from "../../errors.js";
import { PARTS } from "../../models/locatePictures.js";
import type { ExactIndex } from "../../search/folder/exactIndex.js";
import { EMBEDDING_OPTIONS } from "../embedding.js";
import {
  addToIndex,
  buildGraphOf,
  createIndex,
  type AddArguments,
  type CreateArguments,
} from "../fillIndex.js";
import { counted } from "../format.js";
import { describeIndex, withIndex } from "../indexSummary.js";
import type { Io } from "../io.js";
import { checkNumbers } from "../option.js";
import { withProgress } from "../progress.js";

const out = { type: "string", demandOption: true, describe: "folder of the index" } as const;
const json = { type: "boolean", default: false, describe: "print as JSON, a line for each step" } as const;
const filling = {
  ...EMBEDDING_OPTIONS,
  "commit-every": {
    type: "number",
    default: 1024,
    requiresArg: true,
    describe: "pictures that become lasting together",
  },
  json,
} as const;

export function indexCommand(parser: Argv, io: Io): void {
  parser.command("index", "Make, fill and inspect an index of pictures", (command) => {
    create(command, io);
    add(command, io);
    remove(command, io);
    graph(command, io);
    info(command, io);
    return command.demandCommand(1, "Name what to do with the index; --help lists it.");
  });
}

function create(parser: Argv, io: Io): void {
  parser.command(
    "create <out>",
    "Embed pictures and write an index of them",
    (command) =>
      command
        .positional("out", out)
        .options({
          model: {
            type: "string",
            requiresArg: true,
            describe: "folder that train, build-graph or export wrote",
          },
          data: {
            type: "string",
            requiresArg: true,
            describe: "pictures; default: those that the run learned from",
          },
          part: {
            choices: PARTS,
            requiresArg: true,
            describe: "which of the pictures; default: all of --data",
          },
          "from-bank": {
            type: "boolean",
            default: false,
            describe: "take the run's memory bank, embed nothing",
          },
          precision: {
            choices: PRECISIONS,
            default: "float32",
            requiresArg: true,
            describe: "what is kept of a vector beside its int8 code",
          },
          hnsw: { type: "boolean", default: false, describe: "build a graph too: faster, nearly exact" },
          ...filling,
        })
        .example("$0 index create build/index --model build/run", "what the run learned from")
        .example("$0 index create build/index --model my-encoder --data photos", "other pictures"),
    async (parsed) => {
      const given = parsed as unknown as CreateArguments;
      checkNumbers(given);
      checkCount(given["commit-every"]);
      await createIndex(given, io);
    },
  );
}

function add(parser: Argv, io: Io): void {
  parser.command(
    "add <out> <paths...>",
    "Add pictures; what was added stays, whatever happens",
    (command) =>
      command
        .positional("out", out)
        .positional("paths", {
          type: "string",
          array: true,
          demandOption: true,
          describe: "pictures, folders of them, or whatever else train takes",
        })
        .options({
          model: { type: "string", requiresArg: true, describe: "where the model of the index lies now" },
          part: { choices: PARTS, default: "all", requiresArg: true, describe: "which of the pictures" },
          missing: {
            type: "boolean",
            default: false,
            describe: "leave pictures that are in the index as they are",
          },
          ...filling,
        })
        .example("$0 index add build/index more-photos", "the ids of these begin with more-photos/")
        .example("$0 index add build/index photos --missing", "go on with what was interrupted"),
    async (parsed) => {
      const { paths, ...given } = parsed as unknown as AddArguments;
      checkNumbers(given);
      checkCount(given["commit-every"]);
      await addToIndex({ ...given, paths }, io);
    },
  );
}

function remove(parser: Argv, io: Io): void {
  parser.command(
    "delete <out> <ids...>",
    "Delete vectors by their ids",
    (command) =>
      command
        .positional("out", out)
        .positional("ids", {
          type: "string",
          array: true,
          demandOption: true,
          describe: "as search prints them",
        })
        .options({ json })
        .example("$0 index delete build/index 17 more-photos/a.jpg", "two pictures"),
    async (parsed) => {
      const { out: folder, ids } = parsed;
      const names = ids.map(String);
      const [deleted, left] = await withIndex(folder, io, async (index) => [
        await index.delete(names),
        index.count,
      ]);
      const report = { deleted, missing: new Set(names).size - deleted, vectors: left };
      const text = `Deleted ${counted(deleted, "vector")} of ${folder}; ${left} left.\n`;
      io.stdout.write(parsed.json ? `${JSON.stringify(report)}\n` : text);
    },
  );
}

function graph(parser: Argv, io: Io): void {
  parser.command(
    "hnsw <out>",
    "Build a graph over all vectors, with which searches need no scan",
    (command) =>
      command
        .positional("out", out)
        .options({
          threads: {
            type: "number",
            requiresArg: true,
            describe: "threads that build; default: all processors",
          },
          json,
        })
        .example("$0 index hnsw build/index", "again after many additions: these are scanned"),
    async (parsed) => {
      checkNumbers(parsed);
      const { out: folder, threads } = parsed;
      const rows = await withIndex(folder, io, (index) => buildGraphOf(index, threads, io));
      io.stdout.write(
        parsed.json
          ? `${JSON.stringify({ graph: rows })}\n`
          : `Built a graph over ${counted(rows, "vector")} of ${folder}.\n`,
      );
    },
  );
}

function info(parser: Argv, io: Io): void {
  parser.command(
    "info <out>",
    "Show what an index holds",
    (command) =>
      command
        .positional("out", out)
        .options({
          check: { type: "boolean", default: false, describe: "read every byte of every file" },
          json,
        })
        .example("$0 index info build/index --check", "is the copy whole?"),
    async (parsed) => {
      const { out: folder, check } = parsed;
      const describe = async (index: ExactIndex) => {
        if (check) await withProgress(io, (show) => index.check((...far) => show("checking files", ...far)));
        return describeIndex(index, check);
      };
      // A check reads the graph itself.
      const report = await withIndex(folder, io, describe, { exact: check });
      io.stdout.write(parsed.json ? `${JSON.stringify(report.json)}\n` : report.text);
    },
  );
}

/** @throws UsageError */
function checkCount(commitEvery: number): void {
  if (!Number.isInteger(commitEvery) || commitEvery < 1)
    throw new UsageError(`--commit-every ${commitEvery}: expected a whole number from 1; give another`);
}
