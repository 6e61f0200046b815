/** @file Opens what the user names as an index: a folder that `index` wrote, or a run, whose memory bank is one. */

import { openDataset, type Dataset, type DataSource } from "../data/dataset.js";
import type { DownloadOptions } from "../data/download/resolveDataset.js";
import { ArtifactError, DataError } from "../errors.js";
import { readRun } from "../report/runRecords.js";
import type { Entries, SearchBackend } from "../search/backend.js";
import { ExactIndex, type ExactIndexOptions } from "../search/folder/exactIndex.js";
import { isIndexFolder } from "../search/folder/store.js";
import { MemoryIndex } from "../search/memoryIndex.js";
import { withoutRows } from "../search/vectors.js";
import { readModel, type Model } from "./model.js";
import { locateSets } from "./pictureSets.js";
import { picturesOfRun, readBank } from "./pictures.js";

/** What made the vectors of an index. */
export interface ModelReference {
  /** For readModel. */
  readonly path: string;
  /** Of the encoder's bytes, in hexadecimal. */
  readonly sha256: string;
  readonly preprocessing: Model["preprocessing"];
}

/** The pictures whose vectors an index holds. */
export interface IndexPictures {
  readonly source: DataSource;
  readonly dataset: Dataset;
  /** Row of `dataset`; null: no such picture. */
  rowOf(id: string): number | null;
}

export interface OpenedIndex {
  /** As the user named it. */
  readonly where: string;
  readonly backend: SearchBackend;
  /** null: nobody said what made the vectors. */
  readonly model: ModelReference | null;
  /** null: nobody said where the pictures are, or they are no longer there, or nobody asked for them. */
  readonly pictures: IndexPictures | null;
  /** Why they are null, for a person. */
  readonly withoutPictures: string | null;
}

export interface OpenIndexOptions extends DownloadOptions, ExactIndexOptions {
  /** false: pictures are not looked for, where vectors and ids are enough; default true. */
  readonly pictures?: boolean;
}

/**
 * @param path a run, or an index folder
 * @throws ArtifactError when it is neither, or damaged; DataError when the pictures of a run, which name its vectors, are
 *   no longer there
 */
export async function openIndex(path: string, options: OpenIndexOptions = {}): Promise<OpenedIndex> {
  if (isIndexFolder(path)) return openFolder(path, options);
  const model = await readModel(path);
  if (model.run === null) {
    throw new ArtifactError(
      `${path}: is a model without pictures, expected an index or a run; write an index with onnx-instdisc index create`,
    );
  }
  return openRun(path, model, model.run, options);
}

async function openFolder(where: string, options: OpenIndexOptions): Promise<OpenedIndex> {
  const backend = await ExactIndex.open(where, options);
  const { model, pictures: sets } = backend.index;
  const opened = { where, backend, model };
  if (options.pictures === false) return { ...opened, pictures: null, withoutPictures: "not asked for" };
  try {
    const source = await locateSets(sets, backend.ids(), where, options);
    const pictures = source && (await openPictures(source));
    const withoutPictures = pictures ? null : `${where}: does not say where its pictures are`;
    return { ...opened, pictures, withoutPictures };
  } catch (error) {
    if (error instanceof DataError || error instanceof ArtifactError)
      return { ...opened, pictures: null, withoutPictures: error.message };
    await backend.close();
    throw error;
  }
}

/**
 * Opens what made the vectors of an index.
 * @param remedy what to do where nobody said what did
 * @throws ArtifactError (as a rejection) then, and when there is another model now
 */
export async function modelOfIndex({ where, model }: OpenedIndex, remedy: string): Promise<Model> {
  if (model === null) {
    throw new ArtifactError(`${where}: does not say what made its vectors, expected a model; ${remedy}`);
  }
  const found = await readModel(model.path);
  if (found.sha256 === model.sha256) return found;
  throw new ArtifactError(
    `${model.path}: has an encoder with sha256 ${found.sha256}, ${where} was made by one with ${model.sha256}; ` +
      "restore that model, or write the index again with onnx-instdisc index create",
  );
}

/** The bank of a run: of every picture that it learned from and could read. */
async function openRun(
  where: string,
  model: Model,
  run: string,
  options: OpenIndexOptions,
): Promise<OpenedIndex> {
  const { entries, pictures } = await bankEntries(model, run, options);
  const backend = new MemoryIndex(model.embeddingDim, entries);
  const { sha256, preprocessing } = model;
  const reference = { path: run, sha256, preprocessing };
  return { where, backend, model: reference, pictures, withoutPictures: null };
}

/**
 * The rows of a run's bank under the ids of their pictures.
 * @throws ArtifactError when the bank is of other pictures; DataError when they are no longer there
 */
export async function bankEntries(
  model: Model,
  run: string,
  options: DownloadOptions,
): Promise<{ readonly entries: Entries; readonly pictures: IndexPictures }> {
  const bank = await readBank(model);
  const { train: source } = await picturesOfRun(run, options);
  const pictures = await openPictures(source);
  const { dataset } = pictures;
  if (dataset.size !== bank.count) {
    throw new ArtifactError(
      `${run}: has a bank of ${bank.count} rows, but ${dataset.size} pictures lie in ${source.name}; ` +
        "restore the pictures that it learned from, or embed these with onnx-instdisc index create",
    );
  }
  const { vectors, rows } = withoutRows(bank, await leftOut(run, pictures));
  const ids = Array.from(rows, (row) => dataset.id(row));
  return { entries: { ids, vectors }, pictures };
}

/** Rows that hold no picture, and all but the first of one that is listed twice. */
async function leftOut(run: string, { dataset, rowOf }: IndexPictures): Promise<ReadonlySet<number>> {
  const broken = new Set((await readRun(run)).broken.map(({ id }) => id));
  const rows = Array.from({ length: dataset.size }, (_, row) => row);
  return new Set(rows.filter((row) => broken.has(dataset.id(row)) || rowOf(dataset.id(row)) !== row));
}

/** @throws DataError when they are no longer there */
export async function openPictures(source: DataSource): Promise<IndexPictures> {
  const dataset = await openDataset(source);
  let rows: Map<string, number> | null = null;
  const rowOf = (id: string): number | null => {
    rows ??= rowsById(dataset);
    return rows.get(id) ?? null;
  };
  return { source, dataset, rowOf };
}

/** The first row of every id. */
function rowsById(dataset: Dataset): Map<string, number> {
  const rows = new Map<string, number>();
  for (let row = dataset.size - 1; row >= 0; row--) rows.set(dataset.id(row), row);
  return rows;
}
