/** @file The curves of a run as one picture, for pages that cannot hold them as text. */

import { drawCurves, type Curve } from "./curves.js";
import type { RunRecords } from "./runRecords.js";
import { COLORS } from "./style.js";
import { escape } from "./text.js";

const COLUMNS = 2;
/** Of a chart with its title, pixels; charts are drawn 470 wide. */
const CELL = { width: 500, height: 286 };
const TITLE_HEIGHT = 34;

/**
 * An SVG file that stands alone: what was learned, the loss, and how the embeddings lie; light or dark as the reader's
 * system is. null: there is nothing to draw yet.
 */
export async function drawCurveSheet(run: RunRecords): Promise<string | null> {
  const curves = await drawCurves(run, ["accuracy", "loss", "embedding"]);
  if (curves.length === 0) return null;
  const columns = Math.min(COLUMNS, curves.length);
  const [width, height] = [columns * CELL.width, Math.ceil(curves.length / columns) * CELL.height];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>Curves of the training: ${curves.map(({ title }) => escape(title)).join(", ")}</title>
<style>${COLORS}</style>
<rect width="${width}" height="${height}" fill="var(--paper)"/>
${curves.map((curve, at) => cell(curve, at % columns, Math.floor(at / columns))).join("\n")}
</svg>
`;
}

function cell({ title, svg }: Curve, column: number, row: number): string {
  return `<g transform="translate(${column * CELL.width + 15} ${row * CELL.height})">
<text x="8" y="26" font-family="system-ui, sans-serif" font-size="16" font-weight="600" fill="var(--ink)">${escape(title)}</text>
<g transform="translate(0 ${TITLE_HEIGHT})">${svg}</g>
</g>`;
}
