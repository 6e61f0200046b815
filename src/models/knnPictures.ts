/** @file The two sets of pictures that a model is judged with: those to find, and those to ask for. */

import type { DataFormat, DataSource } from "../data/dataset.js";
import { resolveTarget, type DownloadOptions } from "../data/download/resolveDataset.js";
import type { Parts } from "../data/formats/finder.js";
import { locateData } from "../data/locate.js";
import { DataError } from "../errors.js";
import type { Model } from "./model.js";
import { picturesOfRun, runOf, settingsOfRun } from "./pictures.js";

export interface Sides {
  readonly train: DataSource;
  readonly test: DataSource;
}

export interface SidesOptions extends DownloadOptions {
  /** Pictures with the answers; default: those that the model's run learned from. */
  readonly train?: string | undefined;
  /** Pictures to ask for; default: the evaluation part of `train`, or of the run's pictures. */
  readonly test?: string | undefined;
  readonly format?: DataFormat | undefined;
}

/**
 * @throws DataError (as a rejection) where there are no such pictures; UsageError where a path is needed since the
 *   model has no run
 */
export async function locateSides(model: Model, options: SidesOptions): Promise<Sides> {
  const { train, test, format } = options;
  const locate = async (target: string): Promise<Parts> =>
    locateData(await resolveTarget(target, options), { seed: 0, format });
  const known =
    train === undefined
      ? await picturesOfRun(runOf(model, "pass --train and --test"), options)
      : await locate(train);
  if (test !== undefined) {
    const asked = wholeOf(await locate(test));
    return {
      train: train === undefined ? known.train : wholeOf(known).train,
      test: asked.evaluate ?? asked.train,
    };
  }
  if (known.evaluate !== null) return { train: known.train, test: known.evaluate };
  throw new DataError(
    `${train ?? model.where}: found no pictures to evaluate on, expected val/ or test/ beside train/, or labels; ` +
      "name some with --test",
  );
}

/** Where two sets are given, what we would have held out of one is a part of it. */
function wholeOf(parts: Parts): Parts {
  return parts.train.kind === "picked" ? { train: parts.train.whole, evaluate: null } : parts;
}

/**
 * τ of the vote: what the run was measured with while it learned, so that figures can be compared; without a run, τ of
 * training.
 * @throws ArtifactError (as a rejection) when the run's settings cannot be read
 */
export async function voteTemperature({ run, temperature }: Model): Promise<number> {
  if (run === null) return temperature;
  return (await settingsOfRun(run))["knn-temperature"] ?? temperature;
}
