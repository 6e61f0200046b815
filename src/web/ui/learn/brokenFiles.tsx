/** @file Files that could not be read, each with its reason. The others are learned from. */

import type { BrokenFile } from "../../learn/learn.js";
import { counted } from "../text.js";

/** More are counted, not listed. */
const MOST_LISTED = 100;

export function BrokenFiles({ broken }: { readonly broken: readonly BrokenFile[] }) {
  if (broken.length === 0) return null;
  return (
    <details class="broken">
      <summary>{counted(broken.length, "file")} could not be read</summary>
      <ul>
        {broken.slice(0, MOST_LISTED).map(({ path, reason }) => (
          <li key={path}>
            <b>{path}</b> <span class="small">{withoutPath(path, reason)}</span>
          </li>
        ))}
        {broken.length > MOST_LISTED && <li class="small">and {broken.length - MOST_LISTED} more</li>}
      </ul>
    </details>
  );
}

/** Errors name the place first, which stands before them already. */
function withoutPath(path: string, reason: string): string {
  return reason.startsWith(`${path}: `) ? reason.slice(path.length + 2) : reason;
}
