/** @file Random embeddings, bank and noise rows, and the closed forms of the objectives' gradients (paper.md, §1). */

import type { CaseInputs } from "../support/opCases/opCase.js";
import type { Draw } from "../support/opCases/draw.js";
import { ndArray, type NdArray } from "../support/reference.js";

export interface Contrast {
  /** τ */
  readonly temperature: number;
  readonly logNormalizer: number;
  readonly logNoiseRatio: number;
  /** u, [B][D]: embeddings before normalization */
  readonly raw: readonly Vector[];
  /** f = u/‖u‖ */
  readonly embeddings: readonly Vector[];
  /** v, [n][D] */
  readonly bank: readonly Vector[];
  /** [B] */
  readonly rows: readonly number[];
  /** [B][m] */
  readonly noiseRows: readonly (readonly number[])[];
}

export type Vector = readonly number[];

export const dot = (a: Vector, b: Vector): number => a.reduce((sum, x, at) => sum + x * b[at]!, 0);
export const plus = (a: Vector, b: Vector, factor = 1): number[] => a.map((x, at) => x + factor * b[at]!);
export const times = (a: Vector, factor: number): number[] => a.map((x) => x * factor);
export const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));
export const total = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0);

/** Random, of small sizes; bank rows of unit length or not. */
export function drawContrast(draw: Draw): Contrast {
  const [batch, dim, instances, negatives] = [draw.int(1, 3), draw.int(1, 5), draw.int(3, 7), draw.int(1, 5)];
  const random = draw.random();
  const isUnit = draw.bool();
  const vector = () => Array.from({ length: dim }, () => (random() < 0.5 ? -1 : 1) * (0.2 + random()));
  const unit = (v: Vector) => times(v, 1 / Math.sqrt(dot(v, v)));
  const row = () => Math.floor(random() * instances);
  const raw = Array.from({ length: batch }, vector);
  return {
    temperature: draw.pick(0.07, 0.5, 1),
    logNormalizer: 4 * random(),
    logNoiseRatio: Math.log(negatives / instances),
    raw,
    embeddings: raw.map(unit),
    bank: Array.from({ length: instances }, () => (isUnit ? unit(vector()) : vector())),
    rows: Array.from({ length: batch }, row),
    noiseRows: Array.from({ length: batch }, () => Array.from({ length: negatives }, row)),
  };
}

/** The contrast as inputs of a graph. */
export function inputsOf(contrast: Contrast): CaseInputs {
  const { raw, bank, rows, noiseRows, logNormalizer, logNoiseRatio } = contrast;
  const matrix = (vectors: readonly Vector[]): NdArray =>
    ndArray([vectors.length, vectors[0]!.length], vectors.flat());
  const whole = (value: NdArray) => ({ dtype: "int64" as const, shape: value.shape, value });
  const float = (value: NdArray) => ({ dtype: "float32" as const, shape: value.shape, value });
  return {
    raw: float(matrix(raw)),
    bank: { ...float(matrix(bank)), shape: ["instances", bank[0]!.length] },
    rows: whole(ndArray([rows.length], rows)),
    noiseRows: whole(matrix(noiseRows)),
    logNormalizer: float(ndArray([], [logNormalizer])),
    logNoiseRatio: float(ndArray([], [logNoiseRatio])),
  };
}

/** From gradients by f, one a picture, to those of the batch mean by u: (g - (g·f)f) / ‖u‖ / B. */
export function throughNormalization({ raw, embeddings }: Contrast, gradients: readonly Vector[]): number[] {
  return gradients.flatMap((g, at) => {
    const f = embeddings[at]!;
    const length = Math.sqrt(dot(raw[at]!, raw[at]!));
    return times(plus(g, f, -dot(g, f)), 1 / length / raw.length);
  });
}

const own = ({ bank, rows }: Contrast, at: number): Vector => bank[rows[at]!]!;

/** (1/τ)(Σ P_j v_j - v_y) over the rows given for each picture; P over those rows and, if asked, the own one. */
function softmaxGradient(
  { embeddings }: Contrast,
  at: number,
  candidates: readonly Vector[],
  y: Vector,
  temperature: number,
): number[] {
  const weights = candidates.map((v) => Math.exp(dot(v, embeddings[at]!) / temperature));
  const mean = candidates.reduce<number[]>(
    (sum, v, row) => plus(sum, v, weights[row]! / total(weights)),
    times(y, 0),
  );
  return times(plus(mean, y, -1), 1 / temperature);
}

/** By f, one a picture, before the mean over the batch. */
export const closedForms = {
  softmax: (c: Contrast): number[][] =>
    c.embeddings.map((_, at) => softmaxGradient(c, at, c.bank, own(c, at), c.temperature)),

  parametric: (c: Contrast): number[][] =>
    c.embeddings.map((_, at) => softmaxGradient(c, at, c.bank, own(c, at), 1)),

  infonce: (c: Contrast): number[][] =>
    c.embeddings.map((_, at) => {
      const noise = c.noiseRows[at]!.map((row) => c.bank[row]!);
      return softmaxGradient(c, at, [own(c, at), ...noise], own(c, at), c.temperature);
    }),

  /** With h = sigmoid(s/τ - ln Z - ln(m/n)): (1/τ)[-(1 - h_own)·v_own + Σ h_k·v_k]. */
  nce: (c: Contrast): number[][] =>
    c.embeddings.map((f, at) => {
      const h = (v: Vector) => sigmoid(dot(v, f) / c.temperature - c.logNormalizer - c.logNoiseRatio);
      const y = own(c, at);
      const noise = c.noiseRows[at]!.map((row) => c.bank[row]!);
      return noise.reduce<number[]>(
        (sum, v) => plus(sum, v, h(v) / c.temperature),
        times(y, -(1 - h(y)) / c.temperature),
      );
    }),

  /** The authors' code: own -(1/τ)(c + ε)/(p + c + ε)·v_own, noise (1/τ)·p/(p + c + ε)·v_k. */
  nceWithEpsilon: (c: Contrast, epsilon: number): number[][] =>
    c.embeddings.map((f, at) => {
      const floor = Math.exp(c.logNoiseRatio) + epsilon;
      const p = (v: Vector) => Math.exp(dot(v, f) / c.temperature) / Math.exp(c.logNormalizer);
      const y = own(c, at);
      const noise = c.noiseRows[at]!.map((row) => c.bank[row]!);
      return noise.reduce<number[]>(
        (sum, v) => plus(sum, v, p(v) / (p(v) + floor) / c.temperature),
        times(y, -floor / (p(y) + floor) / c.temperature),
      );
    }),

  proximal: (c: Contrast, weight: number): number[][] =>
    c.embeddings.map((f, at) => times(plus(f, own(c, at), -1), 2 * weight)),
};
