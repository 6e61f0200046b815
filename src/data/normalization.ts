/**
 * @file The mean and standard deviation of a set of pictures, for those that come without published ones.
 */

import { openDataset, type DataSource } from "./dataset.js";
import { measureDataset, type MeasureOptions, type Normalization } from "./measure.js";

/** As measureDataset. */
export async function measureNormalization(
  source: DataSource,
  sampleSize: number,
  options: MeasureOptions = {},
): Promise<Normalization> {
  return measureDataset(await openDataset(source), sampleSize, options);
}
