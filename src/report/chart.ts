/** @file Line charts as SVG text, drawn by Vega without a browser. The only door to vega and vega-lite. */

import type { TopLevelSpec } from "vega-lite";

/** A CSS colour; the page's own are written var(--name), so that they follow its light or dark scheme. */
type Color = string;

export interface Line {
  readonly name: string;
  readonly color: Color;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Drawn faintly and without a name: what another line is the mean of. */
  readonly faint?: boolean;
}

/** A level across the chart. */
export interface Rule {
  readonly name: string;
  readonly y: number;
}

export interface ChartOptions {
  readonly lines: readonly Line[];
  readonly rules?: readonly Rule[];
  readonly xTitle: string;
  /** Where the axis ends; it begins at 0. */
  readonly xEnd: number;
  /** true: y begins at 0. */
  readonly fromZero: boolean;
  /** How the axis writes y: d3-format, such as ".0%"; without it, as the numbers ask for. */
  readonly format?: string;
  /** How y is written beside the ends of lines and rules. */
  readonly show: (y: number) => string;
}

/** Of the whole chart, pixels. */
const TOTAL_WIDTH = 470;
/** Of the plot alone, pixels. */
const HEIGHT = 190;
const PADDING = { left: 50, top: 10, bottom: 42 };
/** From the plot to the text beside it, pixels. */
const LABEL_GAP_LEFT = 8;
const FONT = "system-ui, sans-serif";
const FONT_SIZE = 13;
/** Lines of text must be this far apart to be read. */
const LABEL_GAP = FONT_SIZE + 3;
/** Width of a character, rather too much than too little. */
const CHARACTER_WIDTH = 0.62 * FONT_SIZE;
/** Parts that an axis is divided into, about. */
const TICKS = 4;

/** Text beside the plot. */
interface Label {
  readonly text: string;
  readonly color: Color;
  readonly y: number;
}

/** @returns an <svg> element without scripts, ids or links */
export async function drawChart(options: ChartOptions): Promise<string> {
  // Loading them takes longer than drawing, and most commands never draw.
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new vega.View(vega.parse(compile(specification(options)).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function specification(options: ChartOptions): TopLevelSpec {
  const { lines, rules = [], xTitle, xEnd, format } = options;
  const domain = domainOf(options);
  const xDomain: [number, number] = [0, xEnd];
  const beside = labels(options, domain);
  const longest = Math.max(0, ...beside.map(({ text }) => text.length));
  const right = Math.ceil(LABEL_GAP_LEFT + longest * CHARACTER_WIDTH);
  const width = TOTAL_WIDTH - PADDING.left - right;
  const values = lines.flatMap(({ points, color, faint = false }, line) =>
    points.map(([x, y]) => ({ x, y, line, color, faint })),
  );
  const y = {
    field: "y",
    type: "quantitative",
    title: null,
    scale: { domain, nice: false },
    axis: { ...(format ? { format } : {}), tickCount: TICKS },
  } as const;
  const x = {
    field: "x",
    type: "quantitative",
    title: xTitle,
    scale: { domain: xDomain, nice: false },
    axis: { tickCount: 5 },
  } as const;
  const color = { field: "color", type: "nominal", scale: null } as const;
  const strokes = [true, false].map((faint) => ({
    data: { values: values.filter((value) => value.faint === faint) },
    mark: {
      type: "line" as const,
      strokeWidth: faint ? 1 : 2,
      opacity: faint ? 0.35 : 1,
      strokeJoin: "round" as const,
    },
    encoding: { x, y, color, detail: { field: "line", type: "nominal" as const } },
  }));
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width,
    height: HEIGHT,
    padding: { ...PADDING, right },
    autosize: "none",
    background: "transparent",
    layer: [
      {
        data: { values: [...rules] },
        mark: { type: "rule", color: "var(--rule)", strokeDash: [4, 3] },
        encoding: { y },
      },
      ...strokes,
      {
        data: { values: endPoints(lines) },
        mark: { type: "point", filled: true, size: 36, opacity: 1 },
        encoding: { x, y, color },
      },
      {
        data: { values: beside },
        mark: { type: "text", align: "left", baseline: "middle", dx: LABEL_GAP_LEFT, fontSize: FONT_SIZE },
        encoding: { x: { value: width }, y, text: { field: "text" }, color },
      },
    ],
    config: STYLE,
  };
}

const STYLE: TopLevelSpec["config"] = {
  font: FONT,
  view: { stroke: null },
  axis: {
    domain: false,
    ticks: false,
    labelColor: "var(--muted)",
    titleColor: "var(--muted)",
    gridColor: "var(--grid)",
    labelFontSize: FONT_SIZE,
    titleFontSize: FONT_SIZE,
    titleFontWeight: "normal",
    labelPadding: 6,
  },
  axisX: { grid: false },
};

const named = (lines: readonly Line[]): readonly Line[] =>
  lines.filter(({ faint, points }) => !faint && points.length > 0);

function endPoints(lines: readonly Line[]): { x: number; y: number; color: Color }[] {
  return named(lines).map(({ points, color }) => ({ x: points.at(-1)![0], y: points.at(-1)![1], color }));
}

/** Round numbers around everything that is drawn. */
function domainOf({ lines, rules = [], fromZero }: ChartOptions): [number, number] {
  let [low, high] = fromZero ? [0, 0] : [Infinity, -Infinity];
  const include = (y: number): void => {
    low = Math.min(low, y);
    high = Math.max(high, y);
  };
  for (const { points } of lines) for (const [, y] of points) include(y);
  for (const { y } of rules) include(y);
  if (!(high > low)) return [low - (fromZero ? 0 : 1), low + 1];
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough)!;
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** Names and values of lines and rules, moved apart where they would lie on one another. */
function labels({ lines, rules = [], show }: ChartOptions, [low, high]: [number, number]): Label[] {
  const wanted = [
    ...named(lines).map(({ name, color, points }) => ({ name, color, y: points.at(-1)![1] })),
    ...rules.map(({ name, y }) => ({ name, color: "var(--muted)", y })),
  ].sort((a, b) => b.y - a.y);
  const gap = ((high - low) * LABEL_GAP) / HEIGHT;
  // From the top, each as far below the last as it must be; what is pushed out at the bottom pushes the others back.
  const places = wanted.map(({ y }) => y);
  for (let at = 1; at < places.length; at++) places[at] = Math.min(places[at]!, places[at - 1]! - gap);
  for (let at = places.length - 1; at >= 0; at--) {
    const least = at === places.length - 1 ? low : places[at + 1]! + gap;
    places[at] = Math.max(places[at]!, least);
  }
  return wanted.map(({ name, color, y }, at) => ({
    text: `${name} ${show(y)}`.trim(),
    color,
    y: places[at]!,
  }));
}
