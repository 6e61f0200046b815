/** @file A model judged by the neighbours of its embeddings: the protocol of Wu et al. 2018, section 3.4. */

import { openDataset } from "../data/dataset.js";
import type { DownloadOptions, DownloadProgress } from "../data/download/resolveDataset.js";
import { DataError, UsageError } from "../errors.js";
import type { Progress } from "../evaluate/embed.js";
import { labelsOf } from "../evaluate/labels.js";
import { levelsOf, possibleKs, type Labelled } from "../evaluate/levels.js";
import { cpuProvider } from "../evaluate/provider.js";
import { searchNearest } from "../evaluate/search.js";
import { countAnswers, type Confusion } from "../knn/confusion.js";
import { classify } from "../knn/vote.js";
import { readRun } from "../report/runRecords.js";
import type { KnnLevel } from "../run/records.js";
import { takeRows } from "../search/vectors.js";
import { NO_LABEL, type EmbeddedPictures } from "./embedPictures.js";
import type { Model } from "./model.js";
import { picturesOfRun, readBank, runOf } from "./pictures.js";

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
  const ks = possibleKs(asked, train);
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
  const show: Progress = (done, total) => progress?.("searching neighbours", done, total);
  const found = await searchNearest(test.vectors, train.vectors, Math.max(...ks), cpuProvider(threads), show);
  const levels = levelsOf(found, wanted, known, ks, temperature);
  const answers = classify(found, known, { k: ks[0]!, temperature });
  return { levels, confusion: countAnswers(answers, wanted, classNames.length), classNames };
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
