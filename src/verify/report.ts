/** @file A verification as rows of a table, for a terminal and for a model card. */

import { markdownTable } from "../export/markdown.js";
import type { Checked, Verification } from "./verify.js";

export const HEAD = ["runtime", "file", "cosine, least", "cosine, mean", "same neighbours", ""] as const;

/** The cells of HEAD; the last says how it ended. */
export function rowOf({ runtime, version, file, agreement, passed, reason, threshold }: Checked): string[] {
  const name = version === null ? runtime : `${runtime} ${version}`;
  if (agreement === null) return [name, version === null ? "" : file, "", "", "", ending(passed, reason)];
  const { cosine, neighbours } = agreement;
  const told = threshold === null ? "told, not judged" : passed ? "✓" : `✗ below ${threshold}`;
  return [name, file, digits(cosine.min), digits(cosine.mean), `${(100 * neighbours).toFixed(1)} %`, told];
}

const ending = (passed: boolean, reason = "") => `${passed ? "not here" : "✗ failed"}: ${oneLine(reason)}`;
const oneLine = (text: string) => text.trim().split("\n")[0]!.slice(0, 160);

/** 0.999999 rather than 1.000000: rounded down, so that only what is equal looks equal. */
function digits(cosine: number): string {
  return (Math.floor(Math.min(1, cosine) * 1e6) / 1e6).toFixed(6);
}

/** Markdown for the section "runtimes" of a model card. */
export function markdownOf({ pictures, reference, checks }: Verification): string {
  const rows = checks.map((check) => rowOf(check).map((cell) => cell.replaceAll("|", "\\|")));
  const said =
    `Vectors of ${pictures} pictures compared with those of ${reference}, as onnx-instdisc verify measured them. ` +
    "Same neighbours: the share of each picture's nearest ten that stay.";
  return `${said}\n\n${markdownTable(HEAD, rows, HEAD.length)}\n`;
}
