/** @file A model judged by the neighbours of its embeddings: the protocol of Wu et al. 2018, section 3.4. */

import { openDataset } from "../data/dataset.js";
import type { DownloadOptions, DownloadProgress } from "../data/download/resolveDataset.js";
import { DataError, UsageError } from "../errors.js";
import { labelsOf } from "../evaluate/labels.js";
import type { Labelled } from "../evaluate/levels.js";
import { searchNearest } from "../evaluate/search.js";
import { countAnswers, type Confusion } from "../knn/confusion.js";
import { accuracy, classify, type Neighbours } from "../knn/vote.js";
import { readRun } from "../report/runRecords.js";
import type { KnnLevel } from "../run/records.js";
import { takeRows } from "../search/vectors.js";
import { NO_LABEL, type EmbeddedPictures } from "./embedPictures.js";
import type { Model } from "./model.js";
import { picturesOfRun, readBank, runOf } from "./pictures.js";

/** Answers that count for top-5. */
const BEST = 5;
/** Queries searched for between two signs of progress. */
const QUERIES = 2048;

/** Pictures with their vectors and classes. */
export interface LabelledPictures extends Labelled {
  readonly classNames: readonly string[];
}

export interface KnnOptions {
  /** Neighbours that vote, each from 1; more than there are count as all. */
  readonly ks: readonly number[];
  /** τ > 0: a neighbour's vote is exp(similarity / τ). */
  readonly temperature: number;
  readonly threads?: number | undefined;
  readonly progress?: DownloadProgress | undefined;
}

export interface KnnResult {
  /** One for each k, in the order asked for. */
  readonly levels: readonly KnnLevel[];
  /** Of the first k. */
  readonly confusion: Confusion;
  /** Of both sides; rows and columns of `confusion`. */
  readonly classNames: readonly string[];
}

/**
 * Classifies `test` by its nearest neighbours in `train`. Classes are the same where their names are.
 * @throws UsageError (as a rejection) where there is nothing to ask or to find, or a k is no count
 */
export async function measureKnn(
  train: LabelledPictures,
  test: LabelledPictures,
  { ks: asked, temperature, threads, progress }: KnnOptions,
): Promise<KnnResult> {
  const ks = [...new Set(asked.map((k) => Math.min(k, train.vectors.count)))];
  if (ks.length === 0 || test.vectors.count === 0 || ks.some((k) => !Number.isInteger(k) || k < 1)) {
    throw new UsageError(
      `kNN: found ${train.vectors.count} and ${test.vectors.count} pictures and k = ${asked.join(", ")}, ` +
        "expected some pictures on both sides and whole numbers from 1; correct these",
    );
  }
  const classNames = [...new Set([...train.classNames, ...test.classNames])];
  const numbers = new Map(classNames.map((name, label) => [name, label]));
  const renumber = ({ labels, classNames: own }: LabelledPictures): Int32Array =>
    labels.map((label) => numbers.get(own[label]!)!);
  const [known, wanted] = [renumber(train), renumber(test)];
  const found = await searchInParts(train, test, Math.max(...ks), threads, progress);
  const hasFive = new Set(known).size > BEST;
  const levels = ks.map((k): KnnLevel => {
    const share = (among: number): number => accuracy(found, known, wanted, { k, temperature }, among);
    return { k, top1: share(1), top5: hasFive && k > 1 ? share(BEST) : null };
  });
  const answers = classify(found, known, { k: ks[0]!, temperature });
  return { levels, confusion: countAnswers(answers, wanted, classNames.length), classNames };
}

async function searchInParts(
  { vectors: bank }: Labelled,
  { vectors: queries }: Labelled,
  k: number,
  threads: number | undefined,
  progress: DownloadProgress | undefined,
): Promise<Neighbours> {
  const similarities = new Float32Array(queries.count * k);
  const rows = new BigInt64Array(queries.count * k);
  for (let first = 0; first < queries.count; first += QUERIES) {
    const count = Math.min(QUERIES, queries.count - first);
    const part = takeRows(
      queries,
      Array.from({ length: count }, (_, at) => first + at),
    );
    const found = await searchNearest(part, bank, k, threads);
    similarities.set(found.similarities, first * k);
    rows.set(found.rows, first * k);
    progress?.("searching neighbours", first + count, queries.count);
  }
  return { count: queries.count, k, similarities, rows };
}

/** @throws DataError where a picture has no label */
export function labelledPictures(pictures: EmbeddedPictures, where: string): LabelledPictures {
  const { vectors, labels, classNames } = pictures;
  if (labels === null || labels.includes(NO_LABEL)) throw unlabelled(where);
  return { vectors, labels, classNames };
}

function unlabelled(where: string): DataError {
  return new DataError(
    `${where}: found pictures without labels, expected a label for each, since answers are compared with them; ` +
      "give class folders, or a list with labels",
  );
}

/**
 * The memory bank of a run as training left it, without the rows of pictures that the run found broken.
 * @throws ArtifactError (as a rejection) when the model has none; DataError when the pictures have no labels
 */
export async function labelledBank(model: Model, options?: DownloadOptions): Promise<LabelledPictures> {
  const bank = await readBank(model);
  const run = runOf(model, "name the run that the bank is of");
  const dataset = await openDataset((await picturesOfRun(run, options)).train);
  const labels = labelsOf(dataset);
  if (labels === null) throw unlabelled(dataset.name);
  const broken = new Set((await readRun(run)).broken.map(({ id }) => id));
  const rows = Int32Array.from(labels.keys()).filter((row) => !broken.has(dataset.id(row)));
  return {
    vectors: takeRows(bank, rows),
    labels: rows.map((row) => labels[row]!),
    classNames: dataset.classNames,
  };
}
