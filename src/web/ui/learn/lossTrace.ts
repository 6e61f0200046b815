/** @file The loss of all steps so far in few numbers, however long a run is: means over ever longer stretches. */

export interface LossPoint {
  /** Middle of its stretch, in steps from 1. */
  readonly step: number;
  /** Mean over the stretch, nats. */
  readonly loss: number;
}

export interface LossTrace {
  /** Steps of a stretch: a power of two. */
  readonly stretch: number;
  readonly points: readonly LossPoint[];
  /** The stretch that is not yet whole: last step, steps in it, sum of their losses. */
  readonly open: { readonly step: number; readonly count: number; readonly sum: number };
}

/** More cannot be told apart on a screen. */
export const MOST_POINTS = 256;

export const NO_LOSS: LossTrace = { stretch: 1, points: [], open: { step: 0, count: 0, sum: 0 } };

/** @param loss finite @returns the trace with one step more; the one that is given stays as it is */
export function withLoss(trace: LossTrace, step: number, loss: number): LossTrace {
  const { stretch, points, open } = trace;
  const count = open.count + 1;
  const sum = open.sum + loss;
  if (count < stretch) return { stretch, points, open: { step, count, sum } };
  const point = { step: step - (count - 1) / 2, loss: sum / count };
  const all = { stretch, points: [...points, point], open: NO_LOSS.open };
  return all.points.length < MOST_POINTS ? all : halved(all);
}

/** Neighbouring points become one. */
function halved({ stretch, points }: LossTrace): LossTrace {
  const pairs: LossPoint[] = [];
  for (let at = 0; at + 1 < points.length; at += 2) {
    const [a, b] = [points[at]!, points[at + 1]!];
    pairs.push({ step: (a.step + b.step) / 2, loss: (a.loss + b.loss) / 2 });
  }
  return { stretch: 2 * stretch, points: pairs, open: NO_LOSS.open };
}

/** @param losses of all steps from the first */
export function traceOf(losses: readonly number[]): LossTrace {
  return losses.reduce((trace, loss, at) => withLoss(trace, at + 1, loss), NO_LOSS);
}

/** All there is to draw: the stretch that is not yet whole too, as far as it goes. */
export function pointsOf({ points, open }: LossTrace): readonly LossPoint[] {
  if (open.count === 0) return points;
  return [...points, { step: open.step - (open.count - 1) / 2, loss: open.sum / open.count }];
}
