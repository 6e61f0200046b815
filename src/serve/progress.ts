/** @file How work that takes longer than a second is told of, by whoever does it. */

/** @param done of `total`, in whatever is counted */
export type TellProgress = (what: string, done: number, total: number) => void;
