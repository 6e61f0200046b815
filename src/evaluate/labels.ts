/** @file The only place where labels are read: accuracy is measured with them, nothing is learned from them. */

import type { Dataset } from "../data/dataset.js";

/** Labels of all rows, or null where one has none. */
export function labelsOf(dataset: Dataset): Int32Array | null {
  const labels = Array.from({ length: dataset.size }, (_, row) => dataset.label(row));
  return labels.every((label) => label !== null) ? Int32Array.from(labels) : null;
}
