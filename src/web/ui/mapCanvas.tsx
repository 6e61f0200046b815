/** @file The map as a canvas: moved, zoomed, hovered, clicked, and drawn upon with a lasso. */

import { useEffect, useRef, useState } from "preact/hooks";
import { HoverCard } from "./hoverCard.js";
import { drawLasso, drawMap, type Drawing } from "./mapDrawing.js";
import { toMap, toScreen, viewOfAll, zoomed, type MapView, type Point } from "./mapGeometry.js";

/** CSS pixels around a pointer within which it means a point. */
const REACH = 14;
/** A pointer that moved less was a click. */
const STILL = 4;
const KEY_STEP = 60;
const KEY_ZOOM = 1.4;

interface MapCanvasProps extends Omit<Drawing, "hovered"> {
  readonly lasso: boolean;
  /** Changes whenever the whole map is to be shown again. */
  readonly fit: number;
  readonly label: string;
  onPick(row: number): void;
  onLasso(rows: readonly number[]): void;
  /** The row in the middle, for those who move by keys. */
  onMiddle(row: number): void;
}

interface Hovered {
  readonly row: number;
  /** CSS pixels in the frame. */
  readonly at: Point;
}

export function MapCanvas(props: MapCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const [hovered, setHovered] = useState<Hovered | null>(null);
  const state = useRef<Interaction | null>(null);
  useEffect(() => {
    const interaction = new Interaction(canvas.current!, () => latest.current, setHovered);
    state.current = interaction;
    return () => interaction.end();
  }, []);
  useEffect(() => state.current?.draw());
  useEffect(() => state.current?.showAll(), [props.fit]);
  return (
    <>
      <canvas
        ref={canvas}
        class={props.lasso ? "points lasso" : "points"}
        tabIndex={0}
        role="application"
        aria-roledescription="map"
        aria-label={props.label}
      />
      {hovered !== null && <HoverCard row={hovered.row} at={hovered.at} frame={canvas.current!} />}
    </>
  );
}

/** What hands do to the canvas. It draws at most once a frame. */
class Interaction {
  readonly #canvas: HTMLCanvasElement;
  readonly #props: () => MapCanvasProps;
  readonly #onHover: (hovered: Hovered | null) => void;
  readonly #pointers = new Map<number, Point>();
  readonly #listening = new AbortController();
  readonly #resized: ResizeObserver;
  /** The switch of colours: the canvas does not follow it by itself. */
  readonly #recoloured: MutationObserver;
  #view: MapView = { scale: 1, x: 0, y: 0 };
  #width = 0;
  #height = 0;
  #frame: number | null = null;
  #moved = 0;
  #line: Point[] | null = null;
  #hovered: Hovered | null = null;

  constructor(
    canvas: HTMLCanvasElement,
    props: () => MapCanvasProps,
    onHover: (hovered: Hovered | null) => void,
  ) {
    this.#canvas = canvas;
    this.#props = props;
    this.#onHover = onHover;
    this.#resized = new ResizeObserver(() => this.#resize());
    this.#resized.observe(canvas);
    const { signal } = this.#listening;
    canvas.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    canvas.addEventListener("pointermove", (event) => this.#move(event), { signal });
    canvas.addEventListener("pointerup", (event) => this.#up(event), { signal });
    canvas.addEventListener("pointercancel", (event) => this.#drop(event), { signal });
    canvas.addEventListener("pointerleave", () => this.#hover(null), { signal });
    canvas.addEventListener("blur", () => this.#hover(null), { signal });
    canvas.addEventListener("keydown", (event) => this.#key(event), { signal });
    // Not passive: the wheel zooms here instead of scrolling the page.
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), { signal });
    this.#recoloured = new MutationObserver(() => this.draw());
    this.#recoloured.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  end(): void {
    this.#listening.abort();
    this.#resized.disconnect();
    this.#recoloured.disconnect();
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
  }

  draw(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#drawNow();
    });
  }

  showAll(): void {
    this.#view = viewOfAll(this.#width, this.#height);
    this.#hover(null);
    this.draw();
  }

  #drawNow(): void {
    const context = this.#canvas.getContext("2d")!;
    const ratio = devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const drawing: Drawing = { ...this.#props(), hovered: this.#hovered?.row ?? null };
    drawMap(context, this.#width, this.#height, this.#view, drawing, () => this.draw());
    if (this.#line !== null) drawLasso(context, this.#line);
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const first = this.#width === 0;
    // What was in the middle stays there.
    const [byX, byY] = [(clientWidth - this.#width) / 2, (clientHeight - this.#height) / 2];
    [this.#width, this.#height] = [clientWidth, clientHeight];
    this.#canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.#canvas.height = Math.round(clientHeight * devicePixelRatio);
    if (first) this.#view = viewOfAll(clientWidth, clientHeight);
    else this.#view = { ...this.#view, x: this.#view.x + byX, y: this.#view.y + byY };
    this.#drawNow();
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    const at = pointOf(event);
    this.#pointers.set(event.pointerId, at);
    this.#moved = 0;
    const draws = this.#pointers.size === 1 && (this.#props().lasso || event.shiftKey);
    this.#line = draws ? [at] : null;
    if (this.#pointers.size > 1) this.#moved = Infinity;
  }

  #move(event: PointerEvent): void {
    const at = pointOf(event);
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) return this.#hoverAt(at);
    this.#moved += Math.hypot(at.x - before.x, at.y - before.y);
    if (this.#line !== null) this.#line.push(at);
    else if (this.#pointers.size === 1) this.#pan(at.x - before.x, at.y - before.y);
    else this.#pinch(event.pointerId, before, at);
    this.#pointers.set(event.pointerId, at);
    if (this.#moved > STILL) this.#hover(null);
    this.draw();
  }

  #up(event: PointerEvent): void {
    const at = pointOf(event);
    const line = this.#line;
    if (!this.#drop(event)) return;
    if (this.#moved <= STILL) {
      const row = this.#rowAt(at, REACH);
      if (row !== null) this.#props().onPick(row);
    } else if (line !== null) {
      this.#props().onLasso(this.#props().grid.inside(line.map((point) => toMap(this.#view, point))));
    }
  }

  /** @returns whether the pointer was down here */
  #drop(event: PointerEvent): boolean {
    this.#line = null;
    this.draw();
    return this.#pointers.delete(event.pointerId);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.#zoom(Math.exp(-event.deltaY * lines * 0.0018), pointOf(event));
  }

  #key(event: KeyboardEvent): void {
    const { key } = event;
    const middle = { x: this.#width / 2, y: this.#height / 2 };
    if (key === "Enter") {
      const row = this.#rowAt(middle, Infinity);
      if (row !== null) this.#props().onPick(row);
    } else if (key === "ArrowLeft") this.#pan(KEY_STEP, 0);
    else if (key === "ArrowRight") this.#pan(-KEY_STEP, 0);
    else if (key === "ArrowUp") this.#pan(0, KEY_STEP);
    else if (key === "ArrowDown") this.#pan(0, -KEY_STEP);
    else if (key === "+" || key === "=") this.#zoom(KEY_ZOOM, middle);
    else if (key === "-") this.#zoom(1 / KEY_ZOOM, middle);
    else return;
    event.preventDefault();
    if (key === "Enter") return;
    const row = this.#rowAt(middle, Infinity);
    if (row === null) return;
    this.#hover(row);
    this.#props().onMiddle(row);
  }

  #pan(byX: number, byY: number): void {
    this.#view = { ...this.#view, x: this.#view.x + byX, y: this.#view.y + byY };
    this.draw();
  }

  #zoom(factor: number, at: Point): void {
    this.#view = zoomed(this.#view, factor, at, viewOfAll(this.#width, this.#height).scale);
    this.draw();
  }

  #pinch(moving: number, before: Point, now: Point): void {
    const other = [...this.#pointers].find(([id]) => id !== moving)?.[1];
    if (!other) return;
    const factor =
      Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
    if (Number.isFinite(factor) && factor > 0) this.#zoom(factor, other);
  }

  /** @param reach in CSS pixels */
  #rowAt(at: Point, reach: number): number | null {
    const within = Number.isFinite(reach) ? reach / this.#view.scale : 4;
    return this.#props().grid.nearest(toMap(this.#view, at), within);
  }

  #hoverAt(at: Point): void {
    this.#hover(this.#rowAt(at, REACH));
  }

  #hover(row: number | null): void {
    if (row === (this.#hovered?.row ?? null)) return;
    const { map } = this.#props();
    this.#hovered = row === null ? null : { row, at: toScreen(this.#view, map[2 * row]!, map[2 * row + 1]!) };
    this.#canvas.style.cursor = row === null ? "" : "pointer";
    this.#onHover(this.#hovered);
    this.draw();
  }
}

function pointOf({ offsetX, offsetY }: MouseEvent): Point {
  return { x: offsetX, y: offsetY };
}
