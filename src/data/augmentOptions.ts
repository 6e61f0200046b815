/** @file Which random views are wanted: the options, what can be wrong with them, and a line that tells them. */

export interface AugmentOptions {
  /** Area of the crop / area of the picture, 0 < low <= high <= 1. */
  readonly cropScale: readonly [number, number];
  /** Width / height of the crop, 0 < low <= high; usually [3/4, 4/3]. */
  readonly cropRatio: readonly [number, number];
  /** Probability of a horizontal flip. */
  readonly flip: number;
  /** Brightness, contrast, saturation x >= 0: a factor from max(0, 1 - x) to 1 + x; 0 is off. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Hue shift of up to this many turns either way, 0 to 0.5. */
  readonly hue: number;
  /** Probability that these four happen, all or none; default 1, SimCLR and MoCo v2 take 0.8. */
  readonly jitterProbability?: number;
  /** Probability of turning gray. */
  readonly gray: number;
  /** Turn gray before the jitter, as the authors' ImageNet recipe does; their CIFAR one, and we, do it after. */
  readonly grayFirst?: boolean;
  /** Probability of a Gaussian blur after all else; default 0, SimCLR and MoCo v2 take 0.5. */
  readonly blur?: number;
  /** Its standard deviation, pixels of the resized view, 0 < low <= high; default [0.1, 2], as in SimCLR. */
  readonly blurSigma?: readonly [number, number];
  /** Side of its kernel, an odd number of pixels; default: see defaultBlurKernel. */
  readonly blurKernel?: number;
}

export const JITTER_STEPS = ["brightness", "contrast", "saturation", "hue"] as const;

export type JitterStep = (typeof JITTER_STEPS)[number];

export const DEFAULT_BLUR_SIGMA = [0.1, 2] as const;

/**
 * A tenth of the view, as in SimCLR, made odd: 23 for 224 pixels, 3 for 32. At least 3 where the view has room for
 * the pixels that are mirrored around it, for a kernel of 1 blurs nothing.
 */
export function defaultBlurKernel(imageSize: number): number {
  const radius = Math.max(1, Math.floor(Math.floor(imageSize / 10) / 2));
  return 2 * Math.min(radius, imageSize - 1) + 1;
}

/**
 * @param imageSize side of the view, pixels
 * @returns what is wrong with the options, one entry "name: found, expected" per fault
 */
export function faultsOfAugmentation(options: AugmentOptions, imageSize: number): string[] {
  const faults: string[] = [];
  const check = (name: keyof AugmentOptions, ok: boolean, expected: string): void => {
    if (!ok) faults.push(`${name}: found ${String(options[name])}, expected ${expected}`);
  };
  const { cropScale, cropRatio, hue, blurSigma = DEFAULT_BLUR_SIGMA, blurKernel = 1 } = options;
  const rising = ([low, high]: readonly [number, number], most: number): boolean =>
    low > 0 && low <= high && high <= most;
  check("cropScale", rising(cropScale, 1), "0 < low <= high <= 1");
  check("cropRatio", rising(cropRatio, Number.MAX_VALUE), "0 < low <= high");
  for (const name of ["flip", "gray", "jitterProbability", "blur"] as const) {
    const chance = options[name] ?? 0;
    check(name, chance >= 0 && chance <= 1, "a probability from 0 to 1");
  }
  for (const name of ["brightness", "contrast", "saturation"] as const) {
    check(name, options[name] >= 0 && options[name] < Infinity, "0 or more");
  }
  check("hue", hue >= 0 && hue <= 0.5, "0 to 0.5 turns");
  check("blurSigma", rising(blurSigma, Number.MAX_VALUE), "0 < low <= high");
  const fits = blurKernel >= 1 && blurKernel % 2 === 1 && blurKernel < 2 * imageSize;
  check("blurKernel", fits, `an odd number of pixels below twice the image size (${imageSize})`);
  return faults;
}

const range = ([low, high]: readonly [number, number]): string =>
  `${Number(low.toFixed(3))}-${Number(high.toFixed(3))}`;

/** One line for people and logs, in the order in which it happens (the flip excepted, which any order allows). */
export function describeAugmentation(options: AugmentOptions): string {
  const { jitterProbability = 1, blur = 0, blurSigma = DEFAULT_BLUR_SIGMA, blurKernel } = options;
  const gray = `gray ${options.gray}`;
  const chance = jitterProbability < 1 ? ` with probability ${jitterProbability}` : "";
  const jitter = `jitter ${JITTER_STEPS.map((step) => `${step} ${options[step]}`).join(" ")}${chance}`;
  const kernel = blurKernel === undefined ? "" : ` kernel ${blurKernel}`;
  return [
    `crop ${range(options.cropScale)} of the area, ratio ${range(options.cropRatio)}`,
    `flip ${options.flip}`,
    ...(options.grayFirst ? [gray, jitter] : [jitter, gray]),
    ...(blur > 0 ? [`blur ${blur} sigma ${range(blurSigma)}${kernel}`] : []),
  ].join(", ");
}
