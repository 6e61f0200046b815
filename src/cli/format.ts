/** @file Numbers, tables and sizes as people read them. */

export { bytes } from "../report/text.js";

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** "1 epoch", "2 epochs". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** "11.2 M", "0.56 G": three digits and a power of a thousand. */
export function quantity(value: number): string {
  const units = ["", " k", " M", " G", " T", " P"];
  const power = Math.min(units.length - 1, value >= 1000 ? Math.floor(Math.log10(value) / 3) : 0);
  return `${Number((value / 1000 ** power).toPrecision(3))}${units[power]}`;
}

/** "1 h 04 min", "3 min 20 s", "8 s". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return whole >= 60 ? `${Math.floor(whole / 60)} min ${two(whole % 60)} s` : `${whole} s`;
}

/** Columns padded to their widest cell: the first to the left, the others as `align` says. */
export function table(rows: readonly (readonly string[])[], align: "left" | "right" = "right"): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const pad = (cell: string, column: number) =>
    column === 0 || align === "left" ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map((row) => `  ${row.map(pad).join("  ").trimEnd()}\n`).join("");
}

/** Items with commas between, in indented lines of at most `width` characters. */
export function wrapped(items: readonly string[], width: number): string {
  const lines: string[] = [];
  for (const item of items) {
    const longer = `${lines.at(-1) ?? ""}, ${item}`;
    if (lines.length > 0 && longer.length + 3 <= width) lines[lines.length - 1] = longer;
    else lines.push(item);
  }
  return lines.map((line, at) => `  ${line}${at < lines.length - 1 ? "," : ""}\n`).join("");
}
