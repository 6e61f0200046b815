/** @file The plane of the map: where points are on the screen, which is nearest, which are inside a lasso. */

/** Screen = scale · map + offset, in CSS pixels; the map's y axis points up. */
export interface MapView {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Free space around the whole map, in pixels. */
const MARGIN = 28;
/** Times the scale that shows all. */
const MOST_ZOOM = 60;
const LEAST_ZOOM = 0.6;

/** The view of all points, which lie in [-1, 1]². */
export function viewOfAll(width: number, height: number): MapView {
  const scale = Math.max(1, Math.min(width, height) / 2 - MARGIN);
  return { scale, x: width / 2, y: height / 2 };
}

export function toScreen({ scale, x, y }: MapView, mapX: number, mapY: number): Point {
  return { x: x + scale * mapX, y: y - scale * mapY };
}

export function toMap({ scale, x, y }: MapView, at: Point): Point {
  return { x: (at.x - x) / scale, y: (y - at.y) / scale };
}

/** What is at `at` stays there. @param all the scale of viewOfAll, which bounds it */
export function zoomed(view: MapView, factor: number, at: Point, all: number): MapView {
  const scale = Math.min(all * MOST_ZOOM, Math.max(all * LEAST_ZOOM, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: at.x + (view.x - at.x) * ratio, y: at.y + (view.y - at.y) * ratio };
}

/** Whether a point is inside a closed line, by the number of its crossings to the right. */
export function isInside(line: readonly Point[], x: number, y: number): boolean {
  let inside = false;
  for (let at = 0, before = line.length - 1; at < line.length; before = at++) {
    const [a, b] = [line[at]!, line[before]!];
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

/** Cells of a side: about one point a cell at ten thousand. */
const CELLS = 100;

/** Points of the map by where they are, so that the nearest is found without looking at all. */
export class PointGrid {
  readonly #map: Float32Array;
  /** [CELLS² + 1] first place in #rows of each cell. */
  readonly #starts = new Int32Array(CELLS * CELLS + 1);
  readonly #rows: Int32Array;

  /** @param map [n, 2] in [-1, 1] */
  constructor(map: Float32Array) {
    this.#map = map;
    const count = map.length / 2;
    this.#rows = new Int32Array(count);
    const cells = Int32Array.from({ length: count }, (_, row) => cellOf(map[2 * row]!, map[2 * row + 1]!));
    for (const cell of cells) this.#starts[cell + 1]!++;
    for (let cell = 0; cell < CELLS * CELLS; cell++) this.#starts[cell + 1]! += this.#starts[cell]!;
    const next = this.#starts.slice();
    cells.forEach((cell, row) => (this.#rows[next[cell]!++] = row));
  }

  /** The row nearest to a place of the map; null: none within `reach`. */
  nearest({ x, y }: Point, reach: number): number | null {
    let [best, least]: [number | null, number] = [null, reach * reach];
    this.#visit(x - reach, y - reach, x + reach, y + reach, (row) => {
      const distance = (this.#map[2 * row]! - x) ** 2 + (this.#map[2 * row + 1]! - y) ** 2;
      if (distance <= least) [best, least] = [row, distance];
    });
    return best;
  }

  /** Rows inside a closed line on the map, rising. */
  inside(line: readonly Point[]): number[] {
    const [xs, ys] = [line.map(({ x }) => x), line.map(({ y }) => y)];
    const found: number[] = [];
    this.#visit(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (row) => {
      if (isInside(line, this.#map[2 * row]!, this.#map[2 * row + 1]!)) found.push(row);
    });
    return found.sort((a, b) => a - b);
  }

  /** Rows of all cells that a rectangle touches. */
  within(left: number, bottom: number, right: number, top: number): number[] {
    const found: number[] = [];
    this.#visit(left, bottom, right, top, (row) => found.push(row));
    return found;
  }

  #visit(left: number, bottom: number, right: number, top: number, each: (row: number) => void): void {
    for (let row = cellAlong(bottom); row <= cellAlong(top); row++) {
      for (let column = cellAlong(left); column <= cellAlong(right); column++) {
        const cell = row * CELLS + column;
        for (let at = this.#starts[cell]!; at < this.#starts[cell + 1]!; at++) each(this.#rows[at]!);
      }
    }
  }
}

function cellAlong(value: number): number {
  return Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));
}

function cellOf(x: number, y: number): number {
  return cellAlong(y) * CELLS + cellAlong(x);
}
