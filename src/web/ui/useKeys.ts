/** @file Keys that work wherever the focus is, but not while somebody types. */

import { useEffect, useRef } from "preact/hooks";

/** @param onKey returns whether it took the key */
export function useKeys(onKey: (event: KeyboardEvent) => boolean): void {
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target instanceof HTMLElement && event.target.matches("input, select, textarea")) return;
      if (latest.current(event)) event.preventDefault();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

/** The digit that names the class at this place, 1 for the first; null: only nine classes have one. */
export function digitOf(place: number): string | null {
  return place < 9 ? String(place + 1) : null;
}

/** The class that a digit names; undefined: none. */
export function classOfKey(key: string, classes: readonly string[]): string | undefined {
  return classes.find((_, place) => digitOf(place) === key);
}
