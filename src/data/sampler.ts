/**
 * @file Which pictures make up which batch. The answer is a pure function of the batch's global number, so a
 * resumed run takes the same pictures as one that never stopped. A step here is one batch.
 */

import { UsageError } from "../errors.js";
import { RandomStream } from "../random/philox.js";

export interface Sampler {
  /** Batches in one pass over the pictures. */
  readonly stepsPerEpoch: number;
  epochOf(step: number): number;
  /** Rows of batch `step`, a fresh array. @throws UsageError unless step is a whole number >= 0 */
  batchRows(step: number): Int32Array<ArrayBuffer>;
}

function checkCount(name: string, found: number, least: number): void {
  if (Number.isInteger(found) && found >= least) return;
  throw new UsageError(`${name}: found ${found}, expected a whole number, ${least} or more; correct it`);
}

function tooFewRows(rowCount: number, batchSize: number, accumulation: number): UsageError {
  return new UsageError(
    accumulation === 1
      ? `batchSize: found ${batchSize} for ${rowCount} pictures, expected at most ${rowCount}; ` +
          `lower the batch size or add pictures`
      : `batchSize x accumulation: found ${batchSize} x ${accumulation} for ${rowCount} pictures, expected at most ` +
          `${rowCount}; lower one of them or add pictures`,
  );
}

/**
 * Every picture at most once per epoch, in an order shuffled by RandomStream(seed, "order", epoch). The rows
 * left over after the last whole batch (the last whole group of `accumulation` batches) are dropped: training graphs
 * have a fixed batch size, and the next epoch's order leaves out others.
 * @param accumulation batches that make one optimizer step; they follow each other in one epoch
 * @throws UsageError if there are fewer rows than one optimizer step needs
 */
export function createShuffledSampler(
  rowCount: number,
  batchSize: number,
  seed: number,
  accumulation = 1,
): Sampler {
  checkCount("batchSize", batchSize, 1);
  checkCount("accumulation", accumulation, 1);
  const groupSize = batchSize * accumulation; // pictures
  if (groupSize > rowCount) throw tooFewRows(rowCount, batchSize, accumulation);
  const stepsPerEpoch = Math.floor(rowCount / groupSize) * accumulation;
  const order = new Int32Array(rowCount);
  let orderedEpoch: number | null = null;

  function arrange(epoch: number): void {
    if (orderedEpoch === epoch) return;
    for (let row = 0; row < rowCount; row++) order[row] = row;
    new RandomStream(seed, "order", epoch).shuffle(order);
    orderedEpoch = epoch;
  }

  const epochOf = (step: number): number => Math.floor(step / stepsPerEpoch);
  return {
    stepsPerEpoch,
    epochOf,
    batchRows(step) {
      checkCount("step", step, 0);
      arrange(epochOf(step));
      const start = (step % stepsPerEpoch) * batchSize;
      return order.slice(start, start + batchSize);
    },
  };
}

/** Rows 0, 1, 2, ... once; the last batch holds what is left and later ones are empty. */
export function createSequentialSampler(rowCount: number, batchSize: number): Sampler {
  checkCount("batchSize", batchSize, 1);
  return {
    stepsPerEpoch: Math.ceil(rowCount / batchSize),
    epochOf: () => 0,
    batchRows(step) {
      checkCount("step", step, 0);
      const first = Math.min(step * batchSize, rowCount);
      return Int32Array.from({ length: Math.min(batchSize, rowCount - first) }, (_, at) => first + at);
    },
  };
}
