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

/** The class that a digit names, 1 for the first; undefined: none. */
export function classOfKey(key: string, classes: readonly string[]): string | undefined {
  return /^[1-9]$/.test(key) ? classes[Number(key) - 1] : undefined;
}
