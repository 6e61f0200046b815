/** @file Which curves a run is shown by. */

import { LEVELS, type KnnLevel } from "../run/records.js";
import { drawChart, type ChartOptions, type Line, type Rule } from "./chart.js";
import type { RunRecords } from "./runRecords.js";
import { brief, percent } from "./text.js";
import { voteOf } from "./verdict.js";

export interface Curve {
  readonly title: string;
  /** What it means, in a sentence. */
  readonly caption: string;
  readonly svg: string;
}

/** Points of a curve, at most: more cannot be seen. */
const MOST_POINTS = 400;
/** How far a smoothed curve looks back, as a share of its points. */
const SMOOTHING = 0.01;
/** The same in points, at least. */
const SMOOTHING_LEAST = 8;

const FIRST = "var(--first)";
const SECOND = "var(--second)";

type Point = readonly [x: number, y: number];

const TOPICS = { accuracy: accuracyCurves, loss: lossCurves, embedding: embeddingCurves, speed: speedCurves };
export type CurveTopic = keyof typeof TOPICS;

/** Every curve of these topics that there is something to draw of. */
export async function drawCurves(
  run: RunRecords,
  topics: readonly CurveTopic[] = ["accuracy", "loss", "embedding", "speed"],
): Promise<Curve[]> {
  const axis = timeAxis(run);
  const curves = topics
    .flatMap((topic) => TOPICS[topic](run, axis))
    .filter(({ chart }) => chart.lines.some(({ points }) => points.length > 0));
  const drawn: Curve[] = [];
  for (const { title, caption, chart } of curves) {
    drawn.push({ title, caption, svg: await drawChart({ ...chart, xTitle: axis.title, xEnd: axis.end }) });
  }
  return drawn;
}

interface Plan {
  readonly title: string;
  readonly caption: string;
  readonly chart: Omit<ChartOptions, "xTitle" | "xEnd">;
}

interface TimeAxis {
  readonly title: string;
  /** Where a step lies. */
  readonly at: (step: number) => number;
  /** Where the last step lies. */
  readonly end: number;
}

/** Epochs, once one is complete; steps until then. */
function timeAxis({ steps, epochs, evaluations }: RunRecords): TimeAxis {
  const last = epochs.at(-1);
  const lastStep = Math.max(1, steps.at(-1)?.step ?? 0, last?.step ?? 0, evaluations.at(-1)?.step ?? 0);
  if (!last || last.step === 0) return { title: "step", at: (step) => step, end: lastStep };
  const stepsPerEpoch = last.step / last.epoch;
  return { title: "epoch", at: (step) => step / stepsPerEpoch, end: lastStep / stepsPerEpoch };
}

const accuracy = { fromZero: true, format: ".0%", show: percent } as const;
const number = { show: brief } as const;

function accuracyCurves(run: RunRecords, { at }: TimeAxis): Plan[] {
  const points = (of: (knn: readonly KnnLevel[]) => number | null | undefined): Point[] =>
    run.evaluations.flatMap(({ step, knn }) => {
      const y = of(knn);
      return y === null || y === undefined ? [] : [[at(step), y]];
    });
  const k = voteOf(run.evaluations.at(-1)?.knn)?.k ?? 0;
  const rules = (of: (level: KnnLevel) => number | null): Rule[] =>
    LEVELS.filter((name) => name !== "learned").flatMap((name) => {
      const level = voteOf(run.levels.get(name));
      const y = level && of(level);
      return y === null ? [] : { name: SHORT_LEVELS[name], y };
    });
  const nearest = k > 1 ? points((knn) => knn.find((level) => level.k === 1)?.top1) : [];
  return [
    {
      title: "Accuracy on held-out pictures",
      caption: `Share whose class is named right by the ${k} nearest training pictures, weighted by nearness, and by the nearest alone. The dashed levels are what ${k} neighbours reach without learning.`,
      chart: {
        ...accuracy,
        lines: [
          { name: `${k}-NN`, color: FIRST, points: points((knn) => voteOf(knn)?.top1) },
          { name: "1-NN", color: SECOND, points: nearest },
        ],
        rules: rules(({ top1 }) => top1),
      },
    },
    {
      title: "Right class among the best five",
      caption: `The same for the five classes with most votes of ${k} neighbours.`,
      chart: {
        ...accuracy,
        lines: [{ name: "top 5", color: FIRST, points: points((knn) => voteOf(knn)?.top5) }],
        rules: rules(({ top5 }) => top5),
      },
    },
  ];
}

const SHORT_LEVELS = {
  chance: "chance",
  "raw pixels": "pixels",
  "untrained network": "untrained",
  learned: "learned",
};

function lossCurves({ steps }: RunRecords, { at }: TimeAxis): Plan[] {
  const raw = steps.map(({ step, loss }): Point => [at(step), loss]);
  const rates = steps.map(({ step, learningRate }): Point => [at(step), learningRate]);
  return [
    noisy("Loss", "In nats: of every step, faintly, and smoothed.", raw, { ...number, fromZero: false }),
    single("Learning rate", "Of each step.", thin(rates), { ...number, fromZero: true }),
  ];
}

function embeddingCurves({ evaluations }: RunRecords, { at }: TimeAxis): Plan[] {
  const of = (name: "alignment" | "uniformity" | "effectiveRank"): Point[] =>
    evaluations.flatMap(({ step, embedding }) => (embedding ? [[at(step), embedding[name]]] : []));
  return [
    single(
      "Alignment",
      "Mean squared distance between two views of one picture: low is good, 2 is what unrelated pictures have.",
      of("alignment"),
      { ...number, fromZero: true },
    ),
    single(
      "Uniformity",
      "How evenly pictures spread over the sphere: 0 is one point, −4 everywhere; low is good.",
      of("uniformity"),
      { ...number, fromZero: true },
    ),
    single(
      "Directions in use",
      "Effective rank of the embedding: near 1, it has collapsed.",
      of("effectiveRank"),
      { ...number, fromZero: true },
    ),
  ];
}

function speedCurves({ timings }: RunRecords, { at }: TimeAxis): Plan[] {
  const rates = timings.map(({ step, picturesPerSecond }): Point => [at(step), picturesPerSecond]);
  const waiting = timings.map(({ step, waiting }): Point => [at(step), waiting]);
  return [
    noisy("Speed", "Pictures a second.", rates, { ...number, fromZero: true }),
    noisy("Waiting for pictures", "Share of the time that the network waited for data.", waiting, accuracy),
  ];
}

type Style = Pick<ChartOptions, "fromZero" | "format" | "show">;

function single(title: string, caption: string, points: readonly Point[], style: Style): Plan {
  const line: Line = { name: "", color: FIRST, points };
  return { title, caption, chart: { ...style, lines: [line] } };
}

/** Drawn faintly, with its smoothed course over it. */
function noisy(title: string, caption: string, points: readonly Point[], style: Style): Plan {
  const lines = [
    { name: "", color: FIRST, points: thin(points), faint: true },
    { name: "", color: FIRST, points: thin(smooth(points)) },
  ];
  return { title, caption, chart: { ...style, lines } };
}

/** Exponential mean, freed of the weight of its beginning. */
function smooth(points: readonly Point[]): Point[] {
  const keep = 1 - 1 / Math.max(SMOOTHING_LEAST, SMOOTHING * points.length);
  let [sum, weight] = [0, 0];
  return points.map(([x, y]) => {
    sum = keep * sum + (1 - keep) * y;
    weight = keep * weight + (1 - keep);
    return [x, sum / weight];
  });
}

/** Evenly chosen points; the first and the last stay. */
export function thin<T>(items: readonly T[], most = MOST_POINTS): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, at) => items[Math.round((at * (items.length - 1)) / (most - 1))]!);
}
