/** @file What `index create` and `index add` do: pictures, or a run's bank, into an index, with progress. */

import path from "node:path";
import type { Precision } from "../artifact/searchIndex.js";
import type { BrokenPicture } from "../data/loader.js";
import { UsageError } from "../errors.js";
import { fillIndex, type Filled } from "../models/fillIndex.js";
import type { NamedSource, Part } from "../models/locatePictures.js";
import { readModel, type Model } from "../models/model.js";
import { bankEntries } from "../models/openIndex.js";
import { locateSet, prefixSet, setsOfPaths, type NamedSet } from "../models/pictureSets.js";
import { runOf } from "../models/pictures.js";
import { shellWord } from "../run/shellWord.js";
import type { Entries } from "../search/backend.js";
import type { ExactIndex } from "../search/folder/exactIndex.js";
import { createIndexFolder } from "../search/folder/store.js";
import { tellBrokenPictures, tellSkipped, type EmbeddingArguments } from "./embedding.js";
import { counted } from "./format.js";
import { withIndex } from "./indexSummary.js";
import type { Io } from "./io.js";
import { withProgress } from "./progress.js";

export interface FillArguments extends EmbeddingArguments {
  readonly out: string;
  readonly "commit-every": number;
  readonly json: boolean;
}

export interface CreateArguments extends FillArguments {
  readonly model: string | undefined;
  readonly data: string | undefined;
  readonly part: Part | undefined;
  readonly "from-bank": boolean;
  readonly precision: Precision;
  readonly hnsw: boolean;
}

export interface AddArguments extends FillArguments {
  readonly paths: readonly (string | number)[];
  readonly model: string | undefined;
  readonly part: Part | undefined;
  readonly missing: boolean;
}

/** @throws UsageError for options that contradict each other; as reading the model, the pictures and the folder do */
export async function createIndex(given: CreateArguments, io: Io): Promise<void> {
  const { out, precision, "from-bank": fromBank } = given;
  const named = checkCreate(given);
  const model = await readModel(named);
  // Before anything is written: what is to be added may not be there.
  const bank = fromBank ? await entriesOfBank(model, io) : null;
  const set = await setToCreate(given, model);
  const located = fromBank ? [] : await locate([set], io);
  const { sha256, preprocessing, embeddingDim: dim } = model;
  const reference = { path: path.resolve(named), sha256, preprocessing };
  await createIndexFolder(out, { dim, precision, model: reference, pictures: [] });
  await withIndex(out, io, async (index) => {
    if (bank === null) await addLocated(index, model, located, given, io);
    else {
      await index.addPictures((known) => prefixSet(known, set.set));
      await index.add(bank);
      tell({ added: bank.ids.length, skipped: 0, broken: 0 }, index, given, io);
    }
    if (given.hnsw && index.count > 0) {
      const graph = await buildGraphOf(index, given.threads, io);
      if (given.json) io.stdout.write(`${JSON.stringify({ graph })}\n`);
    }
    if (!given.json) io.stdout.write(next(index, out));
  });
}

/** @returns what is named as a model @throws UsageError */
function checkCreate({ model, data, part = "train", "from-bank": fromBank }: CreateArguments): string {
  if (fromBank && data !== undefined)
    throw new UsageError(
      "--from-bank and --data: a bank has its own pictures, expected one of the two; leave one out",
    );
  if (fromBank && part !== "train")
    throw new UsageError(`--part ${part}: a bank holds what the run learned from; leave out --part`);
  if (model !== undefined) return model;
  throw new UsageError(
    "--model is missing, expected what makes the vectors; name a run or an exported folder",
  );
}

/** @throws as createIndex */
export async function addToIndex(given: AddArguments, io: Io): Promise<void> {
  await withIndex(given.out, io, async (index) => {
    const place = given.model ?? index.index.model?.path;
    if (place === undefined)
      throw new UsageError(`${given.out}: does not say what made its vectors; name the model with --model`);
    const model = await readModel(place);
    const { part = "all", "data-format": format = null } = given;
    const sets = await setsOfPaths(given.paths.map(String), { format, part });
    await addLocated(index, model, await locate(sets, io), given, io, given.missing);
    if (!given.json) io.stdout.write(next(index, given.out));
  });
}

/** @returns rows of the graph */
export async function buildGraphOf(index: ExactIndex, threads: number | undefined, io: Io): Promise<number> {
  await withProgress(io, (show) =>
    index.createHnsw({
      ...(threads && { threads }),
      progress: (done, total) => show("building the graph", done, total),
    }),
  );
  return index.count;
}

/** The pictures of a new index. @throws UsageError where they are not said */
async function setToCreate(given: CreateArguments, model: Model): Promise<NamedSet> {
  const { data, part, "data-format": format = null } = given;
  if (data !== undefined) return (await setsOfPaths([data], { format, ...(part && { part }) }))[0]!;
  return {
    set: { kind: "run", path: path.resolve(runOf(model, "name some with --data")), part: part ?? "train" },
    files: null,
  };
}

async function entriesOfBank(model: Model, io: Io): Promise<Entries> {
  const run = runOf(model, "name a run, or pictures with --data instead of --from-bank");
  return (await withProgress(io, (progress) => bankEntries(model, run, { progress }))).entries;
}

interface LocatedSet extends NamedSet {
  readonly sources: readonly NamedSource[];
}

/** @throws DataError where there are no pictures */
async function locate(sets: readonly NamedSet[], io: Io): Promise<LocatedSet[]> {
  const located: LocatedSet[] = [];
  for (const { set, files } of sets) {
    const { sources, skipped } = await withProgress(io, (progress) =>
      locateSet({ ...set, prefix: "" }, files ?? [], { progress }),
    );
    tellSkipped(skipped, io);
    located.push({ set, files, sources });
  }
  return located;
}

async function addLocated(
  index: ExactIndex,
  model: Model,
  sets: readonly LocatedSet[],
  given: FillArguments,
  io: Io,
  onlyMissing = false,
): Promise<void> {
  const sources: NamedSource[] = [];
  for (const { set, sources: found } of sets) {
    const { prefix } = await index.addPictures((known) => prefixSet(known, set));
    sources.push(...found.map((one) => ({ ...one, prefix: prefix + one.prefix })));
  }
  const broken: BrokenPicture[] = [];
  const filled = await withProgress(io, (show) =>
    fillIndex(index, model, sources, {
      threads: given.threads,
      dataWorkers: given["data-workers"],
      strictData: given["strict-data"],
      commitEvery: given["commit-every"],
      onlyMissing,
      progress: (done, total) => show("embedding pictures", done, total),
      added: (added) => {
        if (given.json) io.stdout.write(`${JSON.stringify({ added })}\n`);
      },
      broken: (picture) => broken.push(picture),
    }),
  );
  tellBrokenPictures(broken, io);
  tell(filled, index, given, io);
}

function tell(
  { added, skipped, broken }: Filled,
  { count }: ExactIndex,
  { out, json }: Pick<FillArguments, "out" | "json">,
  io: Io,
): void {
  const left = [
    ...(skipped > 0 ? [`${counted(skipped, "picture")} known already`] : []),
    ...(broken > 0 ? [`${counted(broken, "picture")} left out`] : []),
  ];
  const text = `Added ${counted(added, "vector")} to ${out}, which holds ${count} now`;
  const report = { added, skipped, broken, vectors: count };
  io.stdout.write(json ? `${JSON.stringify(report)}\n` : `${[text, ...left].join("; ")}.\n`);
}

/** A search that works as it stands, where there is anything to find. */
function next(index: ExactIndex, out: string): string {
  const [id] = index.ids();
  return id === undefined
    ? ""
    : `Next: npx onnx-instdisc search --id=${shellWord(id)} --in ${shellWord(out)}\n`;
}
