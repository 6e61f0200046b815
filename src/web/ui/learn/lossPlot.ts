/** @file The loss curve as numbers: where its line and its ticks lie, and what is said of it to those who do not see it. */

import type { LossPoint } from "./lossTrace.js";

/** Inside of the plot, in its own units: the drawing is stretched to whatever room there is. */
export const PLOT = { width: 1000, height: 300 } as const;

export interface Tick {
  /** From the left or the top, in [0, 1]. */
  readonly at: number;
  readonly text: string;
}

export interface LossPlot {
  /** All points: path data of an SVG, in units of PLOT; empty: fewer than two. */
  readonly path: string;
  /** Their moving average, likewise. */
  readonly trend: string;
  /** The end of the trend, in [0, 1], and its loss, nats; null: no point yet. */
  readonly end: { readonly x: number; readonly y: number; readonly loss: number } | null;
  readonly losses: readonly Tick[];
  readonly epochs: readonly Tick[];
}

export interface PlotExtent {
  /** Of the whole run. */
  readonly steps: number;
  readonly epochs: number;
}

/** Of a moving average, from one point to the next: it is of some ten points. */
const KEPT = 0.9;
/** Lines across, about. */
const LOSS_TICKS = 4;
const EPOCH_TICKS = 6;

/** The horizontal axis is the whole run from the start: nothing moves while the line grows. */
export function plotLoss(points: readonly LossPoint[], { steps, epochs }: PlotExtent): LossPlot {
  const spacing = tickSpacing(points);
  const [bottom, top] = range(points, spacing);
  const x = (step: number): number => step / steps;
  const y = (loss: number): number => (top - loss) / (top - bottom);
  const pathOf = (line: readonly LossPoint[]): string => {
    const places = line.map(
      ({ step, loss }) => `${(x(step) * PLOT.width).toFixed(1)} ${(y(loss) * PLOT.height).toFixed(1)}`,
    );
    return places.length < 2 ? "" : `M${places.join("L")}`;
  };
  const trend = trendOf(points);
  const last = trend.at(-1);
  const lines = Math.round((top - bottom) / spacing);
  const digits = Math.max(0, -Math.floor(Math.log10(spacing)));
  const stride = niceCeiling(epochs / EPOCH_TICKS, 1);
  return {
    path: pathOf(points),
    trend: pathOf(trend),
    end: last ? { x: x(last.step), y: y(last.loss), loss: last.loss } : null,
    losses: Array.from({ length: lines + 1 }, (_, at) => ({
      at: 1 - at / lines,
      text: (bottom + at * spacing).toFixed(digits),
    })),
    epochs: Array.from({ length: Math.floor(epochs / stride) + 1 }, (_, at) => ({
      at: (at * stride) / epochs,
      text: String(at * stride),
    })),
  };
}

/** Some batches are harder than others, which hides where the loss goes. The first points are averaged among themselves. */
function trendOf(points: readonly LossPoint[]): LossPoint[] {
  let [sum, weight] = [0, 0];
  return points.map(({ step, loss }) => {
    [sum, weight] = [KEPT * sum + loss, KEPT * weight + 1];
    return { step, loss: sum / weight };
  });
}

/** A curve in words. */
export function describeLoss(points: readonly LossPoint[], { steps }: PlotExtent): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return "Loss of the training: no step yet.";
  const lowest = points.reduce((least, { loss }) => Math.min(least, loss), Infinity);
  return (
    `Loss of the training, ${Math.ceil(last.step)} of ${steps} steps: ${first.loss.toFixed(2)} at first, ` +
    `${last.loss.toFixed(2)} now, ${lowest.toFixed(2)} at its lowest.`
  );
}

/** Whole ticks around all points; a tick's space at least. */
function range(points: readonly LossPoint[], spacing: number): readonly [bottom: number, top: number] {
  if (points.length === 0) return [0, LOSS_TICKS * spacing];
  const losses = points.map(({ loss }) => loss);
  const bottom = Math.floor(Math.min(...losses) / spacing) * spacing;
  const top = Math.ceil(Math.max(...losses) / spacing) * spacing;
  return top > bottom ? [bottom, top] : [bottom, bottom + spacing];
}

function tickSpacing(points: readonly LossPoint[]): number {
  const losses = points.map(({ loss }) => loss);
  const spread = points.length === 0 ? LOSS_TICKS : Math.max(...losses) - Math.min(...losses);
  return niceCeiling(Math.max(spread / LOSS_TICKS, 0.01), 0.01);
}

/** The smallest of 1, 2 and 5 times a power of ten that is not below `value`; not below `least`. */
function niceCeiling(value: number, least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, least)));
  const found = [1, 2, 5, 10].find((nice) => nice * power >= value * (1 - 1e-9))!;
  return Math.max(least, found * power);
}
