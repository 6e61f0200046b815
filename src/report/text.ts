/** @file Numbers and text as the report shows them. */

/** Text as HTML: nothing in it can be taken for a tag. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** "63.1 %", never broken over two lines */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

/** "12,500" */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** "360.1 kB" */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, size > 0 ? Math.floor(Math.log10(size) / 3) : 0);
  return `${(size / 1000 ** power).toFixed(power > 0 ? 1 : 0)} ${units[power]}`;
}

/** Three digits: "0.0300", "1.25", "347", "12,500". */
export function brief(value: number): string {
  const size = Math.abs(value);
  const digits =
    size >= 100 ? whole(size) : size > 0 && size < 0.001 ? size.toExponential(1) : size.toPrecision(3);
  return value < 0 ? `−${digits}` : digits;
}

/** "1 epoch", "2 epochs" */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${whole(count)} ${count === 1 ? noun : plural}`;
}
