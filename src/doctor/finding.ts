/** @file What doctor says of one thing. */

export interface Finding {
  /** What was looked at. */
  readonly what: string;
  /** "absent": not there, and nothing that is asked of this machine needs it. */
  readonly state: "fine" | "absent" | "problem";
  readonly found: string;
  /** What mends a problem, or brings what is absent: a command where there is one. */
  readonly remedy?: string;
}

/** One line of an error. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n")[0] ?? "";
}
