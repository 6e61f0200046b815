/** @file Pictures to evaluate on, where the data sets none aside. */

import { RandomStream } from "../random/philox.js";
import type { DataSource } from "./dataset.js";
import type { Parts } from "./formats/finder.js";
import { pickRows } from "./formats/picked.js";

const HOLD_OUT_PART = 1 / 10;
const HOLD_OUT_MOST = 2000; // pictures

/**
 * Takes a seeded tenth of labelled pictures, at most 2,000 and at least one, for evaluation. Unlabelled
 * pictures are all kept: there is nothing to score a guess against.
 */
function holdOut(whole: DataSource, seed: number): Parts {
  if (whole.classNames.length === 0 || whole.rowCount < 2) return { train: whole, evaluate: null };
  const order = Int32Array.from({ length: whole.rowCount }, (_, row) => row);
  new RandomStream(seed, "hold-out").shuffle(order);
  const count = Math.min(HOLD_OUT_MOST, Math.max(1, Math.floor(whole.rowCount * HOLD_OUT_PART)));
  return {
    train: pickRows(whole, order.slice(count).sort(), `${whole.name}, train`),
    evaluate: pickRows(whole, order.slice(0, count).sort(), `${whole.name}, held out`),
  };
}

/** An evaluation part without labels cannot score labelled pictures: some of these are held out instead. */
export function complete({ train, evaluate }: Parts, seed: number): Parts {
  const scores = evaluate !== null && (evaluate.classNames.length > 0 || train.classNames.length === 0);
  return scores ? { train, evaluate } : holdOut(train, seed);
}
