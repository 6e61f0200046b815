/** @file onnx-instdisc search: the pictures of an index that are most like given ones. */

import { dirname } from "node:path";
import type { Argv } from "yargs";
import { atomicWrite, makeFolder } from "../../artifact/node.js";
import { UsageError } from "../../errors.js";
import { readModel } from "../../models/model.js";
import { openIndex } from "../../models/openIndex.js";
import { printSearchPage } from "../../models/searchPage.js";
import { searchPictures, type Answer, type Query } from "../../models/searchPictures.js";
import { table } from "../format.js";
import type { Io } from "../io.js";
import { checkNumbers } from "../option.js";
import { withProgress } from "../progress.js";

/** The page, unless the user names another or asks for JSON. */
const PAGE = "build/search.html";

const OPTIONS = {
  in: { type: "string", requiresArg: true, describe: "index to search, or a run: its memory bank is one" },
  id: {
    type: "string",
    array: true,
    requiresArg: true,
    describe: "search for a picture of the index, by its id",
  },
  k: { type: "number", default: 10, requiresArg: true, describe: "pictures to find" },
  model: {
    type: "string",
    requiresArg: true,
    describe: "what embeds the queries",
    defaultDescription: "the model that the index was made with",
  },
  threads: { type: "number", requiresArg: true, describe: "threads of the runtime; default: all processors" },
  out: {
    type: "string",
    requiresArg: true,
    describe: "page to write, with the pictures",
    defaultDescription: `${PAGE}; none with --json`,
  },
  json: { type: "boolean", default: false, describe: "print as JSON" },
} as const;

interface SearchArguments {
  readonly queries?: readonly string[];
  readonly in?: string;
  readonly id?: readonly string[];
  readonly k: number;
  readonly model?: string;
  readonly threads?: number;
  readonly out?: string;
  readonly json: boolean;
}

export function searchCommand(parser: Argv, io: Io): void {
  parser.command(
    "search [queries...]",
    "Find the pictures of an index that are most like given ones",
    (command) =>
      command
        .positional("queries", { type: "string", array: true, describe: "picture files" })
        .options(OPTIONS)
        .example("$0 search cat.jpg --in build/run", "among the pictures that a run learned from")
        .example("$0 search --id cats/12.jpg --in my-index --k 50 --json", "by a picture of the index")
        .example("$0 search a.jpg b.jpg --in build/run --out found.html", "pictures on a page"),
    async (parsed) => {
      io.stdout.write(await search(parsed, io));
    },
  );
}

async function search(given: SearchArguments, io: Io): Promise<string> {
  const { queries = [], id: ids = [], in: where, k, threads, out } = given;
  checkNumbers({ k, threads });
  const faults = [
    ...(where === undefined ? ["--in is missing, expected an index or a run"] : []),
    ...(queries.length + ids.length === 0 ? ["nothing to search for, expected picture files or --id"] : []),
    ...(Number.isInteger(k) && k >= 1 ? [] : [`--k: found ${k}, expected a whole number from 1`]),
  ];
  if (faults.length > 0) throw new UsageError(`search: ${faults.join("; ")}; correct these`);
  const wanted: Query[] = [
    ...queries.map((path): Query => ({ kind: "file", path: String(path) })),
    ...ids.map((id): Query => ({ kind: "id", id: String(id) })),
  ];
  const index = await withProgress(io, (progress) => openIndex(where!, { progress }));
  try {
    const model = given.model === undefined ? undefined : await readModel(given.model);
    const answers = await searchPictures(index, wanted, { k, threads, model });
    const page = out ?? (given.json ? undefined : PAGE);
    if (page !== undefined) {
      await makeFolder(dirname(page));
      await atomicWrite(page, new TextEncoder().encode(await printSearchPage(index, answers)));
      io.stderr.write(`Wrote ${page}.\n`);
    }
    if (given.json) return `${JSON.stringify(answers.map(jsonOf))}\n`;
    return `${answers.map(showAnswer).join("\n")}\nNext: npx onnx-instdisc serve ${where}\n`;
  } finally {
    await index.backend.close();
  }
}

function showAnswer({ name, className, found }: Answer): string {
  const head = ["", "cosine", "id", ...(found.some((one) => one.className !== null) ? ["class"] : [])];
  const rows = found.map((one, at) => [
    String(at + 1),
    one.similarity.toFixed(4),
    one.id,
    ...(one.className === null ? [] : [one.className]),
  ]);
  return `${name}${className === null ? "" : ` (${className})`}\n${table([head, ...rows], "left")}`;
}

function jsonOf({ query, className, found }: Answer): object {
  return {
    query: query.kind === "id" ? { id: query.id } : { file: query.path },
    class: className,
    found: found.map((one, at) => ({
      rank: at + 1,
      similarity: one.similarity,
      id: one.id,
      class: one.className,
    })),
  };
}
