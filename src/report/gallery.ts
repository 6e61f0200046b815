/** @file A page of pictures in rows: what a search found, groups of duplicates. Opens from the file system, needs no script. */

import { STYLE } from "./style.js";
import { escape } from "./text.js";

/** The picture itself, small enough for a page. */
export interface Thumbnail {
  readonly dataUri: string;
  /** It has fewer pixels than are drawn: each stays a square. */
  readonly coarse: boolean;
}

export interface Tile {
  /** null: it cannot be read. */
  readonly thumbnail: Thumbnail | null;
  /** What a screen reader says. */
  readonly alt: string;
  readonly lines: readonly string[];
  /** Drawn dark: the one that the others are compared with; green or red: right or wrong. */
  readonly mark: "first" | "right" | "wrong" | null;
}

export interface TileRow {
  readonly title: string;
  readonly note: string;
  readonly tiles: readonly Tile[];
}

export interface Gallery {
  readonly title: string;
  /** Below the title, each a paragraph. */
  readonly facts: readonly string[];
  readonly rows: readonly TileRow[];
}

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'";

const GALLERY_STYLE = `
.row { margin-top: 28px; padding: 16px 18px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.row h2 { margin: 0; font-size: 16px; overflow-wrap: anywhere; }
.tiles { display: flex; flex-wrap: wrap; gap: 14px; margin: 12px 0 0; padding: 0; list-style: none; }
.tiles li { width: 136px; }
.tiles img, .tiles .gone { display: block; width: 136px; height: 136px; object-fit: contain; background: var(--grid);
  border: 3px solid transparent; border-radius: 6px; }
.tiles .gone { padding: 50px 0; text-align: center; color: var(--muted); font-size: 14px; }
.tiles .first img { border-color: var(--ink); }
.tiles .right img { border-color: var(--good); }
.tiles .wrong img { border-color: var(--bad); }
.tiles img.coarse { image-rendering: pixelated; }
.tiles p { margin-top: 3px; font-size: 13px; line-height: 1.4; color: var(--muted); overflow-wrap: anywhere; }
.tiles p:first-of-type { color: var(--ink); }
@media (max-width: 480px) { .tiles li { width: calc(50% - 7px); } .tiles img, .tiles .gone { width: 100%; } }
`;

export function printGallery({ title, facts, rows }: Gallery): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}${GALLERY_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escape(title)}</h1>
${facts.map((fact) => `<p>${escape(fact)}</p>`).join("\n")}
</header>
${rows.map(printRow).join("\n")}
<footer>Written by onnx-instdisc.</footer>
</main>
</body>
</html>
`;
}

function printRow({ title, note, tiles }: TileRow): string {
  return `<section class="row">
<h2>${escape(title)}</h2>
<p class="small">${escape(note)}</p>
<ul class="tiles">
${tiles.map(printTile).join("\n")}
</ul>
</section>`;
}

function printTile({ thumbnail, alt, lines, mark }: Tile): string {
  const picture =
    thumbnail === null
      ? `<div class="gone">cannot be read</div>`
      : `<img${thumbnail.coarse ? ` class="coarse"` : ""} src="${thumbnail.dataUri}" alt="${escape(alt)}">`;
  const text = lines.map((line) => `<p>${escape(line)}</p>`).join("");
  return `<li${mark === null ? "" : ` class="${mark}"`}>${picture}${text}</li>`;
}
