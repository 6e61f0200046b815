/** @file Text from outside as Markdown: nothing in it can begin a table cell, a tag or a line. */

/** One line of text. */
export function plain(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\|<>&*_`[\]#]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A table with the first `left` columns to the left, the others to the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left = 1,
): string {
  const lines = [head, head.map((_, at) => (at < left ? "---" : "--:")), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A table of names and what they stand for. */
export function markdownFacts(facts: readonly (readonly [name: string, value: string])[]): string {
  return markdownTable(["", ""], facts, 2);
}

export function codeBlock(language: string, code: string): string {
  return `\`\`\`${language}\n${code.trim()}\n\`\`\``;
}
