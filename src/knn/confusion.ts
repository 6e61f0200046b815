/** @file Which classes are taken for which. */

/** Counts of answers, [classes, classes] row-major: a row for each true class, a column for each answer. */
export interface Confusion {
  readonly classes: number;
  readonly counts: Int32Array;
}

/** One class taken for another. */
export interface Mistake {
  readonly truth: number;
  readonly answer: number;
  readonly count: number;
}

/** A class and how often its pictures are known. */
export interface ClassAccuracy {
  readonly truth: number;
  readonly pictures: number;
  readonly right: number;
}

/** @param answers of the queries, and `labels` theirs, both from 0 to classes - 1 */
export function countAnswers(
  answers: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): Confusion {
  const counts = new Int32Array(classes * classes);
  for (let query = 0; query < answers.length; query++) counts[labels[query]! * classes + answers[query]!]!++;
  return { classes, counts };
}

/** All classes in order; those without a query have 0 pictures. */
export function classAccuracies({ classes, counts }: Confusion): ClassAccuracy[] {
  return Array.from({ length: classes }, (_, truth) => {
    const row = counts.subarray(truth * classes, (truth + 1) * classes);
    return { truth, pictures: row.reduce((sum, count) => sum + count, 0), right: row[truth]! };
  });
}

/** The `most` most frequent mistakes, falling; the lower classes first among equals. */
export function mostFrequentMistakes({ classes, counts }: Confusion, most: number): Mistake[] {
  const mistakes: Mistake[] = [];
  counts.forEach((count, at) => {
    const [truth, answer] = [Math.floor(at / classes), at % classes];
    if (count > 0 && truth !== answer) mistakes.push({ truth, answer, count });
  });
  return mistakes.sort((a, b) => b.count - a.count).slice(0, most);
}
