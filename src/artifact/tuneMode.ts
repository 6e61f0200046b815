/** @file How much is measured before training, so that its graphs are fast on the machine at hand. */

/** Static tables; what is remembered, and some seconds of measuring; everything, with care. */
export const TUNE_MODES = ["off", "fast", "full"] as const;
export type TuneMode = (typeof TUNE_MODES)[number];
