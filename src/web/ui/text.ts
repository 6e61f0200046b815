/** @file Numbers as a person reads them. */

const WHOLE = new Intl.NumberFormat("en");

export function whole(count: number): string {
  return WHOLE.format(count);
}

export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param share in [0, 1] */
export function percent(share: number): string {
  return share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(share * 100)} %`;
}

/** A cosine, in [-1, 1]. */
export function cosine(similarity: number): string {
  return similarity.toFixed(2);
}

/** So many of something a second: of few, a part counts too. */
export function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : whole(Math.round(perSecond));
}

/** A span of time in ms. */
export function duration(ms: number): string {
  if (ms < 1) return "under 1 ms";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A span of time that nobody can foretell to the second: "45 s", "4 min", "1 h 10 min". */
export function roughTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return "some time";
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
