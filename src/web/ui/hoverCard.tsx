/** @file The picture behind a point of the map. */

import type { Point } from "./mapGeometry.js";
import { Picture } from "./picture.js";
import { labelOf, useShared } from "./shared.js";

/** Size in CSS pixels, about, to keep it inside the frame; and its distance from the point. */
const WIDTH = 132;
const HEIGHT = 180;
const AWAY = 16;

interface HoverCardProps {
  readonly row: number;
  readonly at: Point;
  readonly frame: HTMLElement;
}

export function HoverCard({ row, at, frame }: HoverCardProps) {
  const { engine } = useShared();
  const left = at.x + AWAY + WIDTH > frame.clientWidth ? at.x - AWAY - WIDTH : at.x + AWAY;
  const top = Math.min(Math.max(8, at.y - HEIGHT / 2), Math.max(8, frame.clientHeight - HEIGHT - 8));
  return (
    <div
      class="hover"
      style={{ transform: `translate(${Math.max(4, left)}px, ${top}px)` }}
      aria-hidden="true"
    >
      <Picture row={row} />
      <p>{engine.ids[row]}</p>
      <p class="small">{labelOf(engine, row)}</p>
    </div>
  );
}
