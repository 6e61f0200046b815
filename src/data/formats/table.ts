/** @file Text tables: cells between commas or tabs, quotes doubled inside quotes. Source: RFC 4180. */

/**
 * Rows of cells. Lines without any text do not count; a quote that is never closed ends with the text.
 * @param separator a single character
 */
export function parseTable(text: string, separator: "," | "\t"): string[][] {
  const rows: string[][] = [];
  let cells: string[] = [];
  let cell = "";
  let at = 0;

  const endRow = (): void => {
    cells.push(cell);
    if (cells.length > 1 || cell.trim() !== "") rows.push(cells);
    cells = [];
    cell = "";
  };
  /** Takes all up to the closing quote. */
  const quoted = (): void => {
    for (at++; at < text.length; at++) {
      if (text[at] !== '"') cell += text[at]!;
      else if (text[at + 1] === '"') cell += text[at++]!;
      else break;
    }
  };

  for (; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"' && cell === "") quoted();
    else if (character === separator) {
      cells.push(cell);
      cell = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r" || text[at + 1] !== "\n") cell += character;
  }
  if (cell !== "" || cells.length > 0) endRow();
  return rows;
}
