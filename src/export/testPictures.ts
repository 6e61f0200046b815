/** @file Real pictures that exported models are compared on. */

import { openDataset, type DataSource, type Dataset } from "../data/dataset.js";
import { pickRows } from "../data/formats/picked.js";
import { DataError } from "../errors.js";
import type { Model } from "../models/model.js";
import { picturesOfRun, readBank } from "../models/pictures.js";
import { RandomStream } from "../random/philox.js";
import { shuffledRows } from "../search/vectors.js";
import { bankWithLabels, type Bank } from "./agreement.js";

/** More say little more, and take longer. */
const MOST_PICTURES = 500;

export interface TestPictures {
  readonly dataset: Dataset;
  readonly source: DataSource;
  readonly bank: Bank;
  /** Whether they were held out, or learned from where nothing was. */
  readonly heldOut: boolean;
}

/**
 * Some hundred pictures of the run, the same every time: of those held out, where there are any.
 * @returns why there are none, as a sentence without its full stop, where the pictures are not there any more
 */
export async function testPictures(model: Model): Promise<TestPictures | string> {
  if (model.run === null) return "the artifact is not from a run, so its pictures are not known";
  try {
    const { train, evaluate } = await picturesOfRun(model.run);
    const whole = evaluate ?? train;
    const rows = shuffledRows(whole.rowCount, new RandomStream(0, "export"))
      .subarray(0, MOST_PICTURES)
      .sort();
    const source = pickRows(whole, rows, `${whole.name}, compared`);
    const bank = bankWithLabels(await readBank(model), await openDataset(train), model.temperature);
    return { dataset: await openDataset(source), source, bank, heldOut: evaluate !== null };
  } catch (error) {
    if (error instanceof DataError) return `the pictures of the run cannot be read: ${error.message}`;
    throw error;
  }
}
