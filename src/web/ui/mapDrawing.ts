/** @file Draws the map: dots, and pictures in their place once few enough are in sight. */

import { clearedPixels, discStamp, rgbOf, stampDot } from "./mapDots.js";
import { toMap, toScreen, type MapView, type Point, type PointGrid } from "./mapGeometry.js";
import type { Sprites } from "./sprites.js";

export interface Drawing {
  readonly map: Float32Array;
  readonly grid: PointGrid;
  readonly sprites: Sprites;
  /** [n] class of each point's colour, -1: none */
  readonly groups: Int32Array;
  readonly colours: readonly string[];
  /** The only class in full colour; null: all are. */
  readonly group: number | null;
  readonly selected: ReadonlySet<number>;
  readonly hovered: number | null;
}

/** Pictures instead of dots: at most so many, so large in CSS pixels. */
const MOST_PICTURES = 260;
const PICTURE = 44;
const BRIGHT = 0.82;
const FAINT = 0.14;
const NO_GROUP = "#8a9099";

/** @param context scaled to CSS pixels; @param redraw called once a sheet of thumbnails has come */
export function drawMap(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  view: MapView,
  drawing: Drawing,
  redraw: () => void,
): void {
  context.clearRect(0, 0, width, height);
  const [from, to] = [toMap(view, { x: 0, y: height }), toMap(view, { x: width, y: 0 })];
  const rows = drawing.grid.within(from.x, from.y, to.x, to.y);
  const zoom = view.scale / (Math.min(width, height) / 2);
  if (rows.length <= MOST_PICTURES && zoom > 2) drawPictures(context, view, drawing, rows, redraw);
  else drawDots(context, view, drawing, rows, radiusOf(drawing.groups.length, zoom));
  if (drawing.hovered !== null) drawRing(context, view, drawing, drawing.hovered);
}

/** Smaller where there are more, larger as one comes nearer. */
function radiusOf(points: number, zoom: number): number {
  const alone = Math.min(4.5, Math.max(1.4, 180 / Math.sqrt(points)));
  return Math.min(7, alone * Math.sqrt(Math.max(1, zoom)));
}

function drawDots(
  context: CanvasRenderingContext2D,
  view: MapView,
  { map, groups, colours, group, selected }: Drawing,
  rows: readonly number[],
  radius: number,
): void {
  const ratio = context.getTransform().a;
  const pixels = clearedPixels(context, rgbOf(getComputedStyle(context.canvas).backgroundColor));
  const stamp = discStamp(radius * ratio);
  const [tones, other] = [colours.map(rgbOf), rgbOf(NO_GROUP)];
  const isBright = (row: number): boolean =>
    selected.size > 0 ? selected.has(row) : group === null || group === groups[row];
  // The faint ones first: the bright lie above them.
  for (const bright of [false, true]) {
    for (const row of rows) {
      if (isBright(row) !== bright) continue;
      const { x, y } = toScreen(view, map[2 * row]!, map[2 * row + 1]!);
      const tone = tones[groups[row]!] ?? other;
      stampDot(pixels, stamp, x * ratio, y * ratio, tone, bright ? BRIGHT : FAINT);
    }
  }
  context.putImageData(pixels, 0, 0);
}

function drawPictures(
  context: CanvasRenderingContext2D,
  view: MapView,
  { map, sprites, groups, colours, selected }: Drawing,
  rows: readonly number[],
  redraw: () => void,
): void {
  context.imageSmoothingQuality = "high";
  context.lineWidth = 3;
  for (const row of rows) {
    const { x, y } = toScreen(view, map[2 * row]!, map[2 * row + 1]!);
    const [left, top] = [x - PICTURE / 2, y - PICTURE / 2];
    const { sheet, x: tileX, y: tileY } = sprites.place(row);
    const image = sprites.sheetNow(sheet, redraw);
    context.globalAlpha = selected.size === 0 || selected.has(row) ? 1 : 0.3;
    context.strokeStyle = colours[groups[row]!] ?? NO_GROUP;
    context.strokeRect(left, top, PICTURE, PICTURE);
    if (image !== null)
      context.drawImage(image, tileX, tileY, sprites.tile, sprites.tile, left, top, PICTURE, PICTURE);
  }
  context.globalAlpha = 1;
}

function drawRing(context: CanvasRenderingContext2D, view: MapView, { map }: Drawing, row: number): void {
  const { x, y } = toScreen(view, map[2 * row]!, map[2 * row + 1]!);
  context.strokeStyle = getComputedStyle(context.canvas).color;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  context.stroke();
}

/** The line that is being drawn around points. @param line in CSS pixels */
export function drawLasso(context: CanvasRenderingContext2D, line: readonly Point[]): void {
  const [first, ...rest] = line;
  if (!first) return;
  const ink = getComputedStyle(context.canvas).color;
  context.beginPath();
  context.moveTo(first.x, first.y);
  for (const { x, y } of rest) context.lineTo(x, y);
  context.closePath();
  context.globalAlpha = 0.08;
  context.fillStyle = ink;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = ink;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
}
