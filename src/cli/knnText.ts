/** @file What a kNN measurement found, for people and for scripts. */

import { classAccuracies, mostFrequentMistakes } from "../knn/confusion.js";
import type { KnnResult } from "../models/knn.js";
import { percent, table } from "./format.js";

/** Classes whose confusions fit into a table that can be read. */
const MOST_IN_TABLE = 20;
/** Of more classes: the weakest, and what is most often taken for what. */
const MOST_LISTED = 20;

export function showKnnResult(result: KnnResult): string {
  const { levels, classNames } = result;
  const head = ["neighbours", "top-1", "top-5"];
  const rows = levels.map(({ k, top1, top5 }) => [
    `k = ${k}`,
    percent(top1),
    top5 === null ? "–" : percent(top5),
  ]);
  const confusion = classNames.length <= MOST_IN_TABLE ? confusionTable(result) : confusionLists(result);
  return `${table([head, ...rows])}\n${confusion}`;
}

const shareOf = (right: number, pictures: number): string => (pictures > 0 ? percent(right / pictures) : "–");

/** A row for each class, a column for each answer. */
function confusionTable({ levels, confusion, classNames }: KnnResult): string {
  const { classes, counts } = confusion;
  const head = ["", ...classNames.map((_, label) => String(label)), "right"];
  const rows = classAccuracies(confusion).map(({ truth, pictures, right }) => {
    const answers = [...counts.subarray(truth * classes, (truth + 1) * classes)];
    const cells = answers.map((count) => (count > 0 ? String(count) : "·"));
    return [`${truth} ${classNames[truth]}`, ...cells, shareOf(right, pictures)];
  });
  return `Answers with k = ${levels[0]!.k}: a row for each class, a column for each answer\n${table([head, ...rows])}`;
}

function confusionLists({ levels, confusion, classNames }: KnnResult): string {
  const weakest = classAccuracies(confusion)
    .filter(({ pictures }) => pictures > 0)
    .sort((a, b) => a.right / a.pictures - b.right / b.pictures)
    .slice(0, MOST_LISTED)
    .map(({ truth, pictures, right }) => [classNames[truth]!, shareOf(right, pictures), `of ${pictures}`]);
  const mistakes = mostFrequentMistakes(confusion, MOST_LISTED).map(({ truth, answer, count }) => [
    `${classNames[truth]} taken for ${classNames[answer]}`,
    String(count),
  ]);
  return (
    `Weakest classes with k = ${levels[0]!.k}\n${table(weakest)}\n` +
    `Most frequent mistakes\n${mistakes.length > 0 ? table(mistakes) : "  none\n"}`
  );
}

/** All of it; the confusions as rows of counts. */
export function knnJson({ levels, confusion, classNames }: KnnResult): object {
  const { classes, counts } = confusion;
  const rows = classNames.map((_, label) => [...counts.subarray(label * classes, (label + 1) * classes)]);
  const perClass = classAccuracies(confusion).map(({ truth, pictures, right }) => ({
    name: classNames[truth],
    pictures,
    right,
  }));
  return { levels, classNames, confusionK: levels[0]!.k, confusion: rows, perClass };
}
