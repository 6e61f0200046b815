/**
 * @file Pictures in rows and columns, each of which can be chosen. One stop of the tab key; inside, arrow keys, Home and
 * End move.
 */

import type { ComponentChildren, TargetedKeyboardEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Picture } from "./picture.js";

export interface GridCell {
  readonly row: number;
  /** What a screen reader says before the caption: what the eye has from the picture and its place. */
  readonly heard: string;
  readonly caption: ComponentChildren;
  /** Colour of its frame: a class; without it there is none. */
  readonly tone?: string;
  /** A person said so: its frame is whole, otherwise it is a guess. */
  readonly sure?: boolean;
}

/** A cell was just followed: the grid that comes next takes the focus, which would be lost with the old one. */
let walking = false;

interface PictureGridProps {
  readonly label: string;
  readonly cells: readonly GridCell[];
  /** Where a cell leads; without it cells are buttons. */
  hrefOf?(row: number): string;
  onPick?(row: number): void;
  /** Other keys, on the cell that has the focus. */
  onKey?(event: TargetedKeyboardEvent<HTMLElement>, row: number): void;
}

export function PictureGrid({ label, cells, hrefOf, onPick, onKey }: PictureGridProps) {
  const list = useRef<HTMLUListElement>(null);
  const [current, setCurrent] = useState(0);
  const first = cells[0]?.row;
  // Other pictures than before: the way through them starts anew, with the focus of whoever walked here.
  useEffect(() => {
    setCurrent(0);
    if (cells.length === 0 || !walking) return;
    walking = false;
    focusCell(list.current!, 0, true);
  }, [first, cells.length === 0]);
  const move = (event: TargetedKeyboardEvent<HTMLElement>, at: number): void => {
    const to = targetOf(event.key, at, cells.length, columnsOf(list.current!));
    if (to === null) return onKey?.(event, cells[at]!.row);
    event.preventDefault();
    setCurrent(to);
    focusCell(list.current!, to);
  };
  return (
    <ul class="grid" ref={list} aria-label={label}>
      {cells.map((cell, at) => {
        const shared = {
          class: `cell${cell.tone ? (cell.sure ? " sure" : " guess") : ""}`,
          style: cell.tone ? { "--tone": cell.tone } : {},
          tabIndex: at === Math.min(current, cells.length - 1) ? 0 : -1,
          "data-row": cell.row,
          onFocus: () => setCurrent(at),
          onKeyDown: (event: TargetedKeyboardEvent<HTMLElement>) => move(event, at),
        };
        const inside = (
          <>
            <Picture row={cell.row} />
            <span class="heard">{cell.heard} </span>
            <span class="caption">{cell.caption}</span>
          </>
        );
        return (
          <li key={at}>
            {hrefOf ? (
              <a {...shared} href={hrefOf(cell.row)} draggable={false} onClick={() => (walking = true)}>
                {inside}
              </a>
            ) : (
              <button
                {...shared}
                type="button"
                aria-pressed={cell.sure === true}
                onClick={() => onPick?.(cell.row)}
              >
                {inside}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** Cells that stand beside one another, at the present width. */
function columnsOf(list: HTMLUListElement): number {
  const tops = [...list.children].map((item) => (item as HTMLElement).offsetTop);
  const second = tops.findIndex((top) => top !== tops[0]);
  return second < 0 ? tops.length : second;
}

function targetOf(key: string, at: number, count: number, columns: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at + columns,
    ArrowUp: at - columns,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  if (to === undefined) return null;
  return to < 0 || to >= count ? at : to;
}

function focusCell(list: HTMLUListElement, at: number, preventScroll = false): void {
  (list.children[at]?.firstElementChild as HTMLElement | null)?.focus({ preventScroll });
}
